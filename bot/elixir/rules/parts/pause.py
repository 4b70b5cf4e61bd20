"""How long a sleep takes, and how often it comes round."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.reach import Reached

_UNITS = {":timer.seconds": 1_000, ":timer.minutes": 60_000, ":timer.hours": 3_600_000}
_FAILS = ("Kernel.raise", "raise", "Kernel.exit", "Kernel.throw")


def milliseconds(node: Node, module: Module) -> int | None:
    """The time an expression stands for, where it is written out."""
    node = module.value(node)
    if node.type == "integer":
        return int(text(node).replace("_", "")) if text(node).replace("_", "").isdecimal() else None
    if node.type != "call":
        return None
    call = calls_in(node, module)[0]
    unit = _UNITS.get(call.full)
    count = milliseconds(call.args[0], module) if unit and len(call.args) == 1 else None
    return unit * count if unit and count is not None else None


@dataclass(frozen=True)
class Rounds:
    """A function that calls itself between pauses."""

    tries: int | None
    """How often at most, where a counter shows it."""
    fails: bool
    """Whether it raises when they are used up."""


def rounds_of(step: Reached) -> Rounds | None:
    """The rounds of the clause's function on the way that leads there; `None` if it goes once."""
    again = [call for call, target in step.clause.own_calls if target is step.clause.function]
    if not again:
        return None
    counters = [i for i in range(len(step.clause.params)) if _counts_down(i, again, step.clause)]
    for at in counters:
        others = [c for c in step.clause.function.clauses if c is not step.clause]
        last = next((c for c in others if c.params[at].type == "integer"), None)
        if last is not None:
            return Rounds(_first(at, step), any(call.full in _FAILS for call in last.calls))
    return Rounds(None, False)


def _counts_down(at: int, again: list[Call], clause: Clause) -> bool:
    name = text(clause.params[at])
    given = [call.args[at] for call in again if len(call.args) > at]
    return bool(given) and all(
        nodes.operator(arg) == "-" and nodes.text_of(arg, "left") == name for arg in given
    )


def _first(at: int, step: Reached) -> int | None:
    """The count it begins with."""
    args = step.path[-1].args if step.path else []
    if len(args) <= at:
        return None
    given: Node | None = args[at]
    if given is not None and nodes.operator(given) == "=":
        given = given.child_by_field_name("right")
    return milliseconds(given, step.clause.function.module) if given is not None else None
