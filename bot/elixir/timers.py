"""Messages that a server sends to itself, now or later, and the clauses that take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.module import Clause, Function, Module
from bot.elixir.nodes import text
from bot.elixir.reach import Reached, reached

_SENDS = frozenset({"Kernel.send", "Process.send", ":erlang.send"})
_TIMERS = frozenset({"Process.send_after", ":erlang.send_after"})
_CLOCK = frozenset({":timer.send_interval", ":timer.send_after"})
"""These take the time first, and the process in between only if it is another one."""

_SELVES = ("self()", "Kernel.self()", ":erlang.self()")


@dataclass(frozen=True, eq=False)
class OwnMessage:
    """A message the process sends to itself."""

    call: Call
    message: Node
    later: bool
    """By a timer."""

    @property
    def repeats(self) -> bool:
        """Whether the one call brings message after message."""
        return self.call.full == ":timer.send_interval"


def own_messages(clause: Clause) -> Iterator[OwnMessage]:
    """What the clause sends to its own process, or has a timer send."""
    for call in clause.calls:
        if call.captured or call.in_quote or call.runs_in or call.deferred:
            continue
        args = call.args
        if call.full in _CLOCK:
            if len(args) == 2 or (len(args) == 3 and text(args[1]) in _SELVES):
                yield OwnMessage(call, args[-1], later=True)
        elif call.full in (_SENDS | _TIMERS) and len(args) > 1 and text(args[0]) in _SELVES:
            yield OwnMessage(call, args[1], later=call.full in _TIMERS)


def shape(message: Node) -> str:
    """What tells a message from others: an atom, or the atom in front of a tuple and its size."""
    node = message
    if nodes.operator(node) == "=":
        sides = [shape(side) for side in node.named_children]
        return next((found for found in sides if found), "")
    if node.type == "atom":
        return text(node)
    elements = [n for n in node.named_children if n.type != "comment"]
    if node.type == "tuple" and elements and elements[0].type == "atom":
        return f"{text(elements[0])}/{len(elements)}"
    return ""


def handlers(module: Module, wanted: str) -> list[Clause]:
    """Clauses of `handle_info/2` that take messages of a shape."""
    function = module.functions.get(("handle_info", 2))
    clauses = function.clauses if function is not None else []
    return [c for c in clauses if wanted and c.params and shape(c.params[0]) == wanted]


def run_by(clause: Clause) -> Iterator[Clause]:
    """The clause, and those of own functions that it leads to."""
    yield clause
    for step in steps_from(clause):
        if step.clause is not clause:
            yield step.clause


def steps_from(clause: Clause) -> list[Reached]:
    """Clauses of own functions that run when this one clause runs."""
    module = clause.function.module
    called: dict[Function, Call] = {}
    for call in clause.calls:
        target = module.local(call.name, call.arity) if call.module == module.name else None
        if target is not None and not call.runs_in and not call.deferred and not call.in_quote:
            called.setdefault(target, call)
    return [
        Reached(step.clause, (call, *step.path), clause.function)
        for target, call in called.items()
        for step in reached([target])
    ]
