"""Who waits for a start in the end, where a server starts another one in its own `init/1`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.elixir.calls import Call
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import is_server, reached_from_callbacks
from bot.elixir.rules.base import Because, Span
from bot.elixir.starters import Starters, starters_of

_FARTHEST = 4


@dataclass(frozen=True, eq=False)
class Chain:
    """The servers that each start the next one in `init/1`, the nearest first."""

    links: tuple[tuple[Module, Call], ...] = ()
    """Each with the call by which it does so."""
    supervised: bool = False
    """Whether a supervisor of the project starts the last of them."""


def chain_of(starters: Starters, project: Project) -> Chain:
    """From a server that only plain code starts outwards, as long as that runs in an `init/1`."""
    links: list[tuple[Module, Call]] = []
    while starters.only_by_hand and len(links) < _FARTHEST:
        link = _in_a_start(starters.by_hand[0], project)
        if link is None or any(module.name == link[0].name for module, _ in links):
            break
        links.append(link)
        starters = starters_of(project.modules[link[0].name], project)
    last = links[-1][0].name if links else ""
    return Chain(
        tuple(links), bool(links) and (starters.on_demand or last in project.child_modules)
    )


def _in_a_start(place: tuple[str, int, int], project: Project) -> tuple[Module, Call] | None:
    """The server that makes the call at the place in its `init/1`, and waits for it there."""
    path, start, _ = place
    module = project.module_at(path, start)
    if module is None or not is_server(module):
        return None
    for step in reached_from_callbacks(module, [("init", 1)]):
        for call in step.clause.calls:
            if call.start == start and not call.runs_in:
                return module, call
    return None


def further(chain: Chain) -> Iterator[Because]:
    """What else waits, where the start of another server makes this one."""
    for number, (module, call) in enumerate(chain.links, 1):
        end = chain.supervised and number == len(chain.links)
        whose = "and so the supervisor that starts it" if end else "and so whoever starts that one"
        yield Because(
            Span.of(module, call.node),
            f"this runs in `init/1` of `{module.name}`, which waits too, {whose}",
        )
