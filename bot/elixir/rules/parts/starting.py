"""Functions that run as a process or the application starts, once for each start."""

from __future__ import annotations

from bot.elixir.outline import Function
from bot.elixir.project import Project
from bot.elixir.reach import is_server
from bot.elixir.runners import Run, runs

START_UP = frozenset({"start_link", "start", "init", "child_spec", "start_children"})


def only_at_start(function: Function, project: Project) -> bool:
    """Whether every way to it begins as a process or the application starts, and ends there."""
    ways = list(runs(function, project))
    return bool(ways) and all(map(_at_start, ways))


def _at_start(way: Run) -> bool:
    """A function that is kept, or that a process made by hand runs, can run again and again."""
    module = way.function.module
    again = way.spawned or any(call.deferred for call in way.path)
    by_hand = way.function.name == "init" and not (
        is_server(module) or module.implements("Supervisor")
    )
    return way.startup and way.function.name in START_UP and not again and not by_hand
