"""Functions that run as a process or the application starts, once for each start."""

from __future__ import annotations

from bot.elixir.outline import Function
from bot.elixir.project import Project
from bot.elixir.runners import runs

START_UP = frozenset({"start_link", "start", "init", "child_spec", "start_children"})


def only_at_start(function: Function, project: Project) -> bool:
    """Whether every way to it begins as a process or the application starts."""
    ways = list(runs(function, project))
    return bool(ways) and all(way.startup and way.function.name in START_UP for way in ways)
