"""What two related issues hear of it: both are noted, the repositories of both are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.issues.timeline import note, touch
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.views.issues import issue_view
from bot.simulator.views.repositories import repository_view
from bot.simulator.world import World


@dataclass(frozen=True)
class End:
    """One of the two issues. `role` is what it is to the other one, `key` its name in payloads."""

    issue: Issue
    role: str
    key: str


def tell_relation(world: World, caller: Caller, name: str, one: End, other: End, done: str) -> None:
    """Event `name`; `done` is `added` or `removed`."""
    sides = ((one, other), (other, one))
    for end in (one, other):
        touch(world, end.issue)
    for end, far in sides:
        named: dict[str, Any] = {far.role: far.issue.id}
        note(world, end.issue, f"{far.role}_{done}", caller, **named)
    both: dict[str, Any] = {}
    for end in (one, other):
        both |= {f"{end.key}_id": end.issue.id, end.key: issue_view(world, end.issue)}
    for end, far in sides:
        shown = both | {f"{far.key}_repo": repository_view(world, _home(world, far))}
        tell(world, name, f"{far.role}_{done}", caller, _home(world, end), **shown)


def _home(world: World, end: End) -> Repository:
    return world.tables.repositories[end.issue.repository_id]
