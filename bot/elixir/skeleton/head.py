"""What the skeleton says first: applications with their dependencies, and supervision trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.core.finding import Child, SupervisionTree, SupervisorNode
from bot.elixir.mix_deps import declared
from bot.elixir.mixfile import App
from bot.elixir.skeleton.clip import clip, listed
from bot.elixir.skeleton.files import FileSheet
from bot.elixir.source import Source

_MAX_DEPENDENCIES, _MAX_CHILDREN, _MAX_DEPTH = 150, 200, 20


def applications(apps: Sequence[App], files: Mapping[str, bytes]) -> Iterator[str]:
    """One line per application, in order of their paths."""
    for app in sorted(apps, key=lambda a: a.path):
        path = app.mix_file
        kind = "umbrella" if app.umbrella else "application" if app.callback else "library"
        parts = [f"{kind} {clip(app.name, 60)} in {clip(path, 200)}"]
        if app.requirement:
            parts.append(f"elixir {clip(app.requirement, 40)}")
        if app.callback:
            parts.append(f"starts {clip(app.callback, 100)}")
        found = declared(Source(path, files[path]))
        for title, narrow in (("deps", False), ("only for some environments", True)):
            names = [clip(d.name, 60) for d in found.dependencies if bool(d.only) is narrow]
            if names:
                parts.append(f"{title} {listed(names, _MAX_DEPENDENCIES, ' ')}")
        if not found.complete:
            parts.append("more deps are computed")
        yield "; ".join(parts)


def supervision(trees: Sequence[SupervisionTree], sheets: Iterable[FileSheet]) -> Iterator[str]:
    """Each tree as indented lines: a supervisor with its strategy, its children in start order.

    Then what is started at run time, and by whom.
    """
    for tree in trees:
        if tree.supervisors:
            yield f"{clip(tree.app, 60)}:"
            yield from _Indented(tree).lines()
    started: dict[tuple[str, str], list[str]] = {}
    for module in (m for sheet in sheets for m in sheet.modules):
        for start in module.starts:
            started.setdefault(start, []).append(module.name)
    if started:
        yield "at run time:"
    for (supervisor, child), by in started.items():
        yield f" {supervisor} gets {child} from {listed(by, _MAX_CHILDREN)}"


class _Indented:
    """One tree on its way to text; each supervisor is shown once."""

    def __init__(self, tree: SupervisionTree) -> None:
        self._tree = tree
        self._shown: set[str] = set()
        self._below: dict[str, SupervisorNode] = {}
        for supervisor in tree.supervisors:
            if supervisor.name != tree.root or supervisor.module != tree.application:
                self._below.setdefault(supervisor.module, supervisor)

    def lines(self) -> Iterator[str]:
        """From the root, then supervisors that no visible list starts."""
        tree = self._tree
        started = {c.module for s in tree.supervisors for c in s.children if c.module != s.module}
        roots = [s for s in tree.supervisors if s.name == tree.root]
        loose = [s for s in tree.supervisors if s.module not in started or "(" in s.name]
        for supervisor in (*roots, *loose, *tree.supervisors):
            if supervisor.name not in self._shown:
                yield from self._grow(supervisor, 1, "")

    def _grow(self, supervisor: SupervisorNode, depth: int, note: str) -> Iterator[str]:
        self._shown.add(supervisor.name)
        strategy = supervisor.strategy or "strategy not static"
        built = "" if supervisor.literal else ", list built by code"
        yield f"{' ' * depth}{clip(supervisor.name, 120)} [{strategy}{built}]{note}"
        for child in supervisor.children[:_MAX_CHILDREN]:
            below = self._below.get(child.module)
            if below is None or below.name in self._shown or depth > _MAX_DEPTH:
                yield f"{' ' * (depth + 1)}{_leaf(child)}"
            else:
                yield from self._grow(below, depth + 1, _restart(child))
        if len(supervisor.children) > _MAX_CHILDREN:
            yield f"{' ' * (depth + 1)}… {len(supervisor.children) - _MAX_CHILDREN} more"


def _leaf(child: Child) -> str:
    named = clip(child.id, 100)
    module = f" ({clip(child.module, 100)})" if child.module not in ("", child.id) else ""
    return named + module + _restart(child)


def _restart(child: Child) -> str:
    return "" if child.restart == "permanent" else f" {clip(child.restart, 20)}"
