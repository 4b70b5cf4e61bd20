"""The Task.Supervisor an application's jobs run under: the one it has, or one to be added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.elixir.child_specs import ChildFacts
from bot.elixir.fixes.application import namespace
from bot.elixir.fixes.base import Declined, Requirement
from bot.elixir.fixes.child_list import root_module
from bot.elixir.fixes.entries import run_by_child
from bot.elixir.fixes.jobs import CallGraph
from bot.elixir.mixfile import App
from bot.elixir.project import Project

CODEMOD_NAME = "add_task_supervisor"
_LIMITS = ("max_children", "restart:", "max_restarts", "max_seconds")
_NAME = re.compile(r"\bname:\s*(:[a-z_]\w*|[A-Z][\w.]*|__MODULE__[\w.]*)")


@dataclass(frozen=True)
class Tasks:
    """The supervisor to use, by its registered name, and what has to be done first."""

    name: str
    requires: tuple[Requirement, ...]


def tasks_for(project: Project, app: App, user: str) -> Tasks | Declined:
    """The Task.Supervisor for jobs that code of module `user` starts.

    An existing one is taken when it accepts every job and is up before `user` can run.
    """
    for listed, name in _existing(project, app)[:1]:
        if not _starts_before(project, app, user, listed):
            return Declined(
                f"`{name}` starts after `{user}`, which would use it; reorder the children first"
            )
        return Tasks(name, ())
    if not app.deployable:
        return Declined(
            f"`{app.name}` is a library: it must not start an application for its users; let "
            "them pass a "
            "Task.Supervisor as an option, or offer a `child_spec/1`"
        )
    name = f"{namespace(project, app)}.TaskSupervisor"
    if name in project.modules:
        return Declined(f"the name `{name}` is taken by a module")
    params = (("app", app.name), ("name", name), ("path", app.path))
    return Tasks(name, (Requirement(CODEMOD_NAME, params),))


def existing(project: Project, app: App, name: str) -> bool:
    """Whether a Task.Supervisor of that name, without limits, is in the application's tree."""
    return any(found == name for _, found in _existing(project, app))


def _existing(project: Project, app: App) -> list[tuple[tuple[str, int], str]]:
    """((module of the child list, position), name) of usable Task.Supervisors.

    Those named after tasks come first: another name may be that of one purpose.
    """
    return sorted(_listed(project, app), key=lambda found: "Task" not in found[1])


def _listed(project: Project, app: App) -> Iterator[tuple[tuple[str, int], str]]:
    running = _running(project, app)
    for facts in project.facts:
        if facts.role != "lib" or facts.name not in running or project.app_of(facts.path) != app:
            continue
        for listing in facts.child_lists:
            for position, child in enumerate(listing.children):
                name = _name(project, facts.name, child)
                if child.module == "Task.Supervisor" and name and not _limited(child):
                    yield (facts.name, position), name


def _running(project: Project, app: App) -> set[str]:
    """The module of the root supervisor and those of the supervisors below it."""
    root = root_module(project, app)
    found, queue = set[str](), [root.name if root is not None else app.callback]
    while queue:
        facts = project.modules.get(queue.pop())
        if facts is not None and facts.name not in found:
            found.add(facts.name)
            queue.extend(c.module for listing in facts.child_lists for c in listing.children)
    return found


def _limited(child: ChildFacts) -> bool:
    return any(word in child.code for word in _LIMITS)


def _name(project: Project, owner: str, child: ChildFacts) -> str:
    """The registered name, also of `supervisor(Task.Supervisor, [[name: Name]])`."""
    written = _NAME.search(child.code)
    if child.name or written is None:
        return child.name
    return project.module(owner).scope.resolve_name(written.group(1))


def _starts_before(project: Project, app: App, user: str, listed: tuple[str, int]) -> bool:
    """Whether the supervisor at a place of the tree is up when a child that runs `user` starts."""
    root = root_module(project, app)
    order = list(_start_order(project, root.name if root is not None else "", frozenset()))
    graph = CallGraph(project)
    places = [
        i
        for i, (child, owner, _) in enumerate(order)
        if child.module == user or user in run_by_child(graph, project, owner, child)
    ]
    where = [i for i, (_, owner, position) in enumerate(order) if (owner, position) == listed]
    return not places or not where or where[0] < places[0]


def _start_order(
    project: Project, owner: str, above: frozenset[str]
) -> Iterator[tuple[ChildFacts, str, int]]:
    """(child, list's module, position) of all children, in the order they start."""
    facts = project.modules.get(owner)
    if facts is None or owner in above:
        return
    for listing in facts.child_lists:
        for position, child in enumerate(listing.children):
            yield child, owner, position
            yield from _start_order(project, child.module, above | {owner})
