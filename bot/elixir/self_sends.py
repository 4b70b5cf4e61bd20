"""Messages a process sends to itself."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.module import Clause
from bot.elixir.nodes import text

_SENDS = frozenset({"Kernel.send", "Process.send", ":erlang.send"})


@dataclass(frozen=True, eq=False)
class SelfSend:
    """One `send(self(), message)`, piped or not."""

    call: Call
    message: Node


def self_sends(clause: Clause) -> list[SelfSend]:
    """The clause's sends to its own process, in source order; timers and other processes' code
    are none.
    """
    return [SelfSend(call, call.args[1]) for call in clause.calls if _to_itself(call, clause)]


def _to_itself(call: Call, clause: Clause) -> bool:
    if call.full not in _SENDS or call.captured or call.in_quote or len(call.args) < 2:
        return False
    target = text(call.args[0])
    return not call.runs_in and (
        target in ("self()", "Kernel.self()")
        # Without parentheses it is a call unless a variable has that name (Elixir up to 1.14).
        or (target == "self" and "self" not in _bound(clause))
    )


def _bound(clause: Clause) -> set[str]:
    matches = clause.bindings("=")
    patterns = [n.child_by_field_name("left") for n in matches] + list(clause.params)
    return {name for p in patterns if p is not None for name in nodes.identifiers(p)}
