"""Messages a process sends to itself."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

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
    return [SelfSend(call, call.args[1]) for call in clause.calls if _to_itself(call)]


def _to_itself(call: Call) -> bool:
    if call.full not in _SENDS or call.captured or call.in_quote or len(call.args) < 2:
        return False
    return text(call.args[0]) in ("self()", "Kernel.self()") and not call.runs_in
