"""The static supervision tree: application -> supervisors -> children, and its Mermaid drawing."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.finding import Child, SupervisionTree, SupervisorNode
from bot.elixir.child_specs import ChildFacts, child_kind
from bot.elixir.children import ChildListFacts
from bot.elixir.facts import ModuleFacts
from bot.elixir.mixfile import App, app_owning

_BEHAVIOURS = ("Supervisor", "DynamicSupervisor", "ConsumerSupervisor", "PartitionSupervisor")
_TEMPORARY = ("Task",)
"""Modules whose children are not restarted unless told otherwise."""


def trees_of(
    apps: tuple[App, ...], modules: Mapping[str, ModuleFacts], files: Mapping[str, bytes]
) -> tuple[SupervisionTree, ...]:
    """One tree per application that is no umbrella root, in order of their paths."""
    trees = []
    for app in sorted(apps, key=lambda a: a.path):
        if app.umbrella:
            continue
        owned = [f for f in modules.values() if f.role == "lib" and app_owning(apps, f.path) is app]
        supervisors = [node for facts in owned for node in _supervisors(facts, modules, files, app)]
        root = next((s.name for s in supervisors if s.module == app.callback), "")
        trees.append(
            SupervisionTree(
                app=app.name,
                application=app.callback,
                root=root,
                supervisors=tuple(supervisors),
            )
        )
    return tuple(trees)


def is_supervisor(facts: ModuleFacts) -> bool:
    """Whether the module is a supervisor's callback module."""
    return any(facts.implements(behaviour) for behaviour in _BEHAVIOURS)


def _supervisors(
    facts: ModuleFacts, modules: Mapping[str, ModuleFacts], files: Mapping[str, bytes], app: App
) -> list[SupervisorNode]:
    data = files.get(facts.path, b"")
    return [
        SupervisorNode(
            name=_name(facts, listing, app),
            module=facts.name,
            strategy=listing.strategy,
            path=facts.path,
            line=_line(data, listing.start),
            end_line=_line(data, listing.end - 1),
            children=tuple(_child(c, listing, modules, data) for c in listing.children),
            literal=listing.literal,
        )
        for listing in sorted(facts.child_lists, key=lambda c: _is_inline(facts, c, app))
    ]


def _name(facts: ModuleFacts, listing: ChildListFacts, app: App) -> str:
    """The module's name, unless the list belongs to a function beside the module's own process."""
    if facts.name == app.callback and listing.function == "start/2":
        return facts.name
    if not _is_inline(facts, listing, app):
        return facts.name
    return f"{facts.name} ({listing.function})"


def _is_inline(facts: ModuleFacts, listing: ChildListFacts, app: App) -> bool:
    if facts.name == app.callback and not is_supervisor(facts):
        return listing.function != "start/2"
    return len(facts.child_lists) > 1 and not listing.function.startswith(("init/", "start_link/"))


def _child(
    child: ChildFacts, listing: ChildListFacts, modules: Mapping[str, ModuleFacts], data: bytes
) -> Child:
    facts = modules.get(child.module)
    kind = child.type or (facts.spec.get("type", "").removeprefix(":") if facts is not None else "")
    if not kind:
        supervisor = facts is not None and is_supervisor(facts)
        kind = "supervisor" if supervisor else child_kind(child.module)
    return Child(
        id=child.id,
        module=child.module,
        restart=child.restart or _default_restart(child.module, facts),
        kind="supervisor" if kind == "supervisor" else ("worker" if child.module else "unknown"),
        path=listing.path,
        line=_line(data, child.start),
        code=child.code,
    )


def _default_restart(module: str, facts: ModuleFacts | None) -> str:
    """What the module's own `child_spec/1` says; `permanent` where nothing does."""
    if module in _TEMPORARY:
        return "temporary"
    if facts is None:
        return "permanent"
    written = [facts.spec.get("restart", "")]
    written += [options.get("restart", "") for options in facts.use_options.values()]
    own = next((w.removeprefix(":") for w in written if w.startswith(":")), "")
    return own or ("temporary" if facts.implements("Task") else "permanent")


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


class _Drawing:
    """Mermaid lines in the making."""

    def __init__(self, tree: SupervisionTree) -> None:
        self.lines = ["graph TD"]
        self._ids: dict[str, str] = {}
        self._below: dict[str, SupervisorNode] = {}
        for supervisor in tree.supervisors:
            if supervisor.name != tree.root or supervisor.module != tree.application:
                self._below.setdefault(supervisor.module, supervisor)

    def node(self, key: str, label: str, supervisor: bool) -> str:
        """The node's id; its line is added on first use."""
        if key not in self._ids:
            self._ids[key] = f"n{len(self._ids)}"
            left, right = ("{{", "}}") if supervisor else ("[", "]")
            self.lines.append(f'  {self._ids[key]}{left}"{_label(label)}"{right}')
        return self._ids[key]

    def grow(self, supervisor: SupervisorNode, seen: frozenset[str]) -> None:
        """Draw a supervisor and everything below it."""
        above = self.node(supervisor.name, _title(supervisor), True)
        for position, child in enumerate(supervisor.children, 1):
            below = self._below.get(child.module)
            if below is None or below.name in seen:
                key = f"{supervisor.name}/{position}/{child.id}"
                own = self.node(key, _leaf(child), child.kind == "supervisor")
                self.lines.append(f"  {above} -->|{position}| {own}")
                continue
            own = self.node(below.name, _title(below), True)
            self.lines.append(f"  {above} -->|{position}| {own}")
            self.grow(below, seen | {below.name})


def mermaid(tree: SupervisionTree) -> str:
    """A `graph TD` of the tree; supervisors are hexagon-shaped, children in start order."""
    drawing = _Drawing(tree)
    started = {c.module for s in tree.supervisors for c in s.children if c.module != s.module}
    roots = [s for s in tree.supervisors if s.name == tree.root]
    others = [s for s in tree.supervisors if s.name != tree.root]
    for supervisor in [*roots, *(s for s in others if s.module not in started or "(" in s.name)]:
        drawing.grow(supervisor, frozenset({supervisor.name}))
    if len(drawing.lines) == 1:
        drawing.lines.append(f'  n0["{_label(tree.app)}: no supervisor"]')
    return "\n".join(drawing.lines)


def _title(supervisor: SupervisorNode) -> str:
    more = "" if supervisor.literal else "<br/>(list built by code)"
    return f"{supervisor.name}<br/>{supervisor.strategy or 'strategy not static'}{more}"


def _leaf(child: Child) -> str:
    module = f"{child.module}, " if child.module and child.module != child.id else ""
    return f"{child.id}<br/>{module}{child.restart}"


def _label(label: str) -> str:
    return label.replace('"', "'").replace("\n", " ")
