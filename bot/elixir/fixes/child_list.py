"""Add a child to a supervisor's list as it stands in source; its other children stay."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.children import SUPERVISING, ChildListFacts
from bot.elixir.edit import Edit, indentation
from bot.elixir.facts import ModuleFacts
from bot.elixir.fixes.layout import column, trailing
from bot.elixir.mixfile import App
from bot.elixir.outline import modules_of
from bot.elixir.project import Project

_DYNAMIC = {"DynamicSupervisor.init", "ConsumerSupervisor.init"}


@dataclass(frozen=True)
class RootList:
    """The children of an application's root supervisor."""

    facts: ChildListFacts
    path: str


def root_module(project: Project, app: App) -> ModuleFacts | None:
    """The module that lists the root supervisor's children: the callback module itself, or the one
    supervisor of a module of its own that its `start/2` starts.
    """
    facts = project.modules.get(app.callback)
    if facts is None or facts.child_lists:
        return facts
    start = project.module(app.callback).local("start", 2)
    started = {_supervisor(call) for call in start.calls} if start is not None else set()
    listed = [project.modules[name] for name in started if name in project.modules]
    owners = [f for f in listed if f.name != app.callback and f.child_lists]
    return owners[0] if len(owners) == 1 else None


def _supervisor(call: Call) -> str:
    """The module whose supervisor a call may start; empty for other calls."""
    if call.name != "start_link" or call.runs_in or call.captured:
        return ""
    given = call.args[0] if call.full == "Supervisor.start_link" and call.args else None
    return call.owner.scope.resolve(given) if given is not None else call.module


def root_list(project: Project, app: App) -> RootList | None:
    """The root supervisor's child list; `None` unless there is just one."""
    facts = root_module(project, app)
    lists = facts.child_lists if facts is not None else ()
    if len(lists) > 1:
        lists = tuple(listed for listed in lists if listed.function in ("start/2", "init/1"))
    if len(lists) != 1:
        return None
    found = lists[0]
    return RootList(found, found.path) if found.call in SUPERVISING - _DYNAMIC else None


def insertion(
    project: Project, found: RootList, entry: tuple[str, ...], position: int, limit: int
) -> Edit:
    """Insert an entry (comment lines, then the child) before the child now at `position`.

    Only for literal lists.
    """
    data = project.files[found.path]
    children = found.facts.children
    start, end = found.facts.list_start, found.facts.list_end
    if not children:
        return _into_empty(found.path, data, start, end, entry)
    if b"\n" not in data[start:end]:
        entries = [(child.code,) for child in children]
        return _one_line(
            found.path, data, start, end, [*entries[:position], entry, *entries[position:]], limit
        )
    if position:
        at = children[position - 1].end
        gap = indentation(data, children[position - 1].start)
        return Edit(found.path, at, at, f",\n{gap}{_lines(entry, gap)}")
    return _first(found.path, data, start, children[0].start, entry)


def _lines(entry: tuple[str, ...], gap: str) -> str:
    return f"\n{gap}".join(entry)


def _first(path: str, data: bytes, start: int, first: int, entry: tuple[str, ...]) -> Edit:
    between = data[start + 1 : first]
    if b"\n" not in between:
        gap = " " * column(data, first)
        return Edit(path, first, first, f"{_lines(entry, gap)},\n{gap}")
    at = start + 1
    gap = indentation(data, _first_content(data, at))
    return Edit(path, at, at, f"\n{gap}{_lines(entry, gap)},")


def _first_content(data: bytes, at: int) -> int:
    while data[at : at + 1].isspace():
        at += 1
    return at


def _into_empty(path: str, data: bytes, start: int, end: int, entry: tuple[str, ...]) -> Edit:
    inside = data[start + 1 : end - 1].decode().rstrip()
    gap = indentation(data, start)
    listed = _lines(entry, f"{gap}  ")
    if not inside.strip():
        return Edit(path, start, end, f"[\n{gap}  {listed}\n{gap}]")
    inside = inside.replace("\r\n", "\n").lstrip("\n")
    return Edit(path, start, end, f"[\n{inside}\n{gap}  {listed}\n{gap}]")


def _one_line(
    path: str, data: bytes, start: int, end: int, entries: list[tuple[str, ...]], limit: int
) -> Edit:
    flat = f"[{', '.join(entry[-1] for entry in entries)}]"
    fits = column(data, start) + len(flat) + trailing(data, end) <= limit
    if fits and all(len(entry) == 1 for entry in entries):
        return Edit(path, start, end, flat)
    gap = indentation(data, start)
    listed = ",\n".join(f"{gap}  {_lines(entry, f'{gap}  ')}" for entry in entries)
    return Edit(path, start, end, f"[\n{listed}\n{gap}]")


def prepending(project: Project, app: App, entry: str) -> Edit | None:
    """`[entry | children]` where the supervisor is started; `None` if that is not one place."""
    facts = root_module(project, app)
    if facts is None:
        return None
    module = next(m for m in modules_of(project.source(facts.path)) if m.name == facts.name)
    calls = [c for clause in module.all_clauses() for c in clause.calls]
    found = [c for c in calls if c.full in SUPERVISING and c.args and not c.piped]
    if len(found) != 1:
        return None
    argument: Node = found[0].args[0]
    whole = nodes.text(argument)
    return Edit(facts.path, argument.start_byte, argument.end_byte, f"[{entry} | {whole}]")
