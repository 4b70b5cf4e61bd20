"""How a callback gets to a place in another module: as evidence, and clause by clause."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.module import Clause
from bot.elixir.rules.base import Because, Span
from bot.elixir.server_requests import Step


def way(step: Step) -> tuple[Because, ...]:
    """The calls that lead from the origin to the clause, first call first."""
    found: list[Because] = []
    before = step.origin.label
    for call in step.path:
        name = call.name if call.local else f"{call.module}.{call.name}"
        found.append(Because(Span.of(call.owner, call.node), f"`{before}` calls `{name}`"))
        before = name
    return tuple(found)


def clauses_on(step: Step) -> list[Clause]:
    """The clauses that are run on the way, the last one included."""
    return [*(around for call in step.path if (around := clause_around(call))), step.clause]


def clause_around(call: Call) -> Clause | None:
    """The clause that holds a call."""
    clauses = call.owner.all_clauses()
    return next((c for c in clauses if nodes.contains(c.node, call.node)), None)
