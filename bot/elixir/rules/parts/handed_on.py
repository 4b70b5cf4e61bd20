"""Processes whose pid goes to whoever asked for them."""

from __future__ import annotations

from bot.elixir.facts import StartFacts
from bot.elixir.nodes import identifiers, operator
from bot.elixir.outline import Clause, Module
from bot.elixir.results import results
from bot.elixir.rules.parts.normal_end import own_end

HANDED_ON = (
    "linked to whatever process calls this function, which is given its pid; it can end itself, "
    "and no supervisor knows it"
)


def is_handed_on(start: StartFacts, clause: Clause, target: Module | None) -> bool:
    """Whether its caller gets the pid of a process that can end itself."""
    call = next((c for c in clause.calls if c.start == start.start), None)
    match = call.statement.parent if call is not None else None
    left = match.child_by_field_name("left") if match is not None else None
    if left is None or match is None or operator(match) != "=" or target is None:
        return False
    handed = any(identifiers(left) & identifiers(result) for result in results(clause))
    return handed and own_end(target) is not None
