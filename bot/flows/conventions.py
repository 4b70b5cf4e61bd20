"""The habits of a project, as far as its files show them: what a newcomer would be told."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.mix_deps import declared
from bot.elixir.mixfile import App
from bot.elixir.project import Project

_TEST_TOOLS = {
    "mox": "mocks are made with Mox, on behaviours",
    "mimic": "mocks are made with Mimic",
    "hammox": "mocks are made with Hammox, on behaviours",
    "stream_data": "properties are tested with StreamData",
    "ex_machina": "test data comes from ExMachina factories",
    "bypass": "HTTP is tested against Bypass servers",
}
MOST = 12


def conventions(project: Project) -> tuple[str, ...]:
    """At most a dozen sentences, the same for the same files."""
    return tuple(list(_habits(project))[:MOST])


def _habits(project: Project) -> Iterator[str]:
    apps = [app for app in project.apps if not app.umbrella]
    yield from (_what(app) for app in apps[:3])
    if any(path.rpartition("/")[2] == ".formatter.exs" for path in project.files):
        yield "`mix format` is used; files that are formatted stay formatted"
    known = {name for app in project.apps for name in _dependencies(project, app)}
    if "credo" in known:
        yield "Credo is run on every change"
    yield from (habit for name, habit in _TEST_TOOLS.items() if name in known)
    for tree in project.trees:
        for node in tree.supervisors[:2]:
            order = ", ".join(child.id or child.code for child in node.children[:8])
            strategy = node.strategy or "a strategy worked out at run time"
            yield f"{node.name} supervises, in this order ({strategy}): {order or 'nothing yet'}"
    yield from _task_supervisors(project)


def _what(app: App) -> str:
    kind = f"an application, started by {app.callback}" if app.callback else "a library"
    wanted = f", for Elixir {app.requirement}" if app.requirement else ""
    return f"{app.name} is {kind}{wanted}"


def _dependencies(project: Project, app: App) -> tuple[str, ...]:
    file = f"{app.path}/mix.exs" if app.path else "mix.exs"
    if file not in project.files:
        return ()
    return tuple(dependency.name for dependency in declared(project.source(file)).dependencies)


def _task_supervisors(project: Project) -> Iterator[str]:
    names = sorted(
        {
            child.id
            for tree in project.trees
            for node in tree.supervisors
            for child in node.children
            if child.module == "Task.Supervisor" and child.id
        }
    )
    if names:
        yield f"jobs run under {', '.join(names)}"
