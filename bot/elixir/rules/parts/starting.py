"""Functions that run as a process or the application starts, once for each start."""

from __future__ import annotations

from bot.elixir.calls import Call
from bot.elixir.outline import Function
from bot.elixir.project import Project
from bot.elixir.reach import is_server
from bot.elixir.rules.parts.configuring import is_configuration
from bot.elixir.rules.parts.standing import above, iterated
from bot.elixir.runners import Run, runs

START_UP = frozenset({"start_link", "start", "init", "child_spec", "start_children"})


def only_at_start(function: Function, project: Project) -> bool:
    """Whether every way to it begins as a process or the application starts, and ends there, or
    in the configuration.
    """
    ways = list(runs(function, project))
    return bool(ways) and all(_at_start(way, project) for way in ways)


def _at_start(way: Run, project: Project) -> bool:
    """A function that is kept, or that a process made by hand runs, can run again and again."""
    module = way.function.module
    again = way.spawned or any(call.deferred or _is_given(call) for call in way.path)
    if not way.server and not way.startup:
        return not again and is_configuration(way.function, project)
    by_hand = way.function.name == "init" and not (
        is_server(module)
        or module.implements("Supervisor")
        or is_configuration(way.function, project)
    )
    return way.startup and way.function.name in START_UP and not again and not by_hand


def _is_given(call: Call) -> bool:
    """Whether it is a captured function that some other call takes than one that iterates."""
    around = next((a for a in above(call) if a.type == "call" and a.id != call.node.id), None)
    return call.captured and (around is None or iterated(around) is None)
