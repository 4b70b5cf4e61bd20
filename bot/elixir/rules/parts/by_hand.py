"""Servers that plain calls start, and no supervisor that can be seen."""

from __future__ import annotations

from bot.elixir.project import Project
from bot.elixir.starters import starters_of


def is_started_by_hand(name: str, project: Project) -> bool:
    """Whether plain calls start the server, and no list of children that can be seen has it."""
    starters = starters_of(project.modules[name], project)
    hands = {path for path, _, _ in starters.by_hand}
    # Whoever starts it may name it in its messages too: that is no specification.
    specified = any(
        (name in facts.mentions and facts.path not in hands)
        or any(c.module == name for listing in facts.child_lists for c in listing.children)
        for facts in project.facts
        if facts.role == "lib" and facts.name != name
    )
    return bool(hands) and not specified and not starters.on_demand
