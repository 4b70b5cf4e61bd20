"""Servers that a supervisor only stops as the whole application ends."""

from __future__ import annotations

from bot.elixir.callers import last_part
from bot.elixir.clean_up import Done
from bot.elixir.project import Project

_HARMLESS = (":telemetry.detach",)
"""A handler that is left behind is taken off at its first failure."""


def ends_with_the_application(name: str, project: Project) -> bool:
    """Whether the application's own `start/2` lists it under `:one_for_one`, where no sibling's
    crash stops it, and nothing else does: no other list has it, and no code ends such a child.
    """
    found = [
        (facts, listing)
        for facts in project.facts
        if facts.role == "lib"
        for listing in facts.child_lists
        if any(child.module == name for child in listing.children)
    ]
    if not found or not all(
        facts.implements("Application")
        and listing.function == "start/2"
        and listing.strategy == "one_for_one"
        for facts, listing in found
    ):
        return False
    ending = frozenset(project.lib_holding(b"terminate_child"))
    return not ending or not project.texts.holding(last_part(name), among=ending)


def only_leaves_handlers(done: Done, skipped: list[Done]) -> bool:
    """Whether all that matters as much as this one only takes handlers off."""
    alike = [other for other in skipped if other.effect == done.effect]
    return all(other.source.full in _HARMLESS for other in alike)
