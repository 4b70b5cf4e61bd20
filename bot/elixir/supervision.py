"""The static supervision tree: application -> supervisors -> children, and its Mermaid drawing."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.finding import Child, SupervisionTree, SupervisorNode
from bot.elixir.children import ChildFacts, ChildListFacts, child_kind
from bot.elixir.facts import ModuleFacts
from bot.elixir.mixfile import App, app_owning


def trees_of(
    apps: tuple[App, ...], modules: Mapping[str, ModuleFacts], files: Mapping[str, bytes]
) -> tuple[SupervisionTree, ...]:
    """One tree per application that is no umbrella root, in order of their paths."""
    trees = []
    for app in sorted(apps, key=lambda a: a.path):
        if app.umbrella:
            continue
        owned = [f for f in modules.values() if f.role == "lib" and app_owning(apps, f.path) is app]
        supervisors = [node for facts in owned for node in _supervisors(facts, modules, files)]
        root = next((s.name for s in supervisors if s.module == app.callback), "")
        trees.append(
            SupervisionTree(app=app.name, application=app.callback, root=root, supervisors=tuple(supervisors))
        )
    return tuple(trees)


def _supervisors(
    facts: ModuleFacts, modules: Mapping[str, ModuleFacts], files: Mapping[str, bytes]
) -> list[SupervisorNode]:
    data = files.get(facts.path, b"")
    own = facts.implements("Supervisor") or facts.implements("DynamicSupervisor")
    found = []
    for listing in facts.child_lists:
        name = facts.name if own or len(facts.child_lists) == 1 else f"{facts.name} ({listing.function})"
        found.append(
            SupervisorNode(
                name=name,
                module=facts.name,
                strategy=listing.strategy,
                path=facts.path,
                line=_line(data, listing.start),
                end_line=_line(data, listing.end),
                children=tuple(_child(c, listing, modules, data) for c in listing.children),
                literal=listing.literal,
            )
        )
    return found


def _child(
    child: ChildFacts, listing: ChildListFacts, modules: Mapping[str, ModuleFacts], data: bytes
) -> Child:
    facts = modules.get(child.module)
    kind = child_kind(child.module)
    restart = child.restart
    if facts is not None:
        if facts.implements("Supervisor") or facts.implements("DynamicSupervisor"):
            kind = "supervisor"
        for used in facts.use_options.values():
            restart = restart or used.get("restart", "").removeprefix(":")
    if child.module == "Task" or (facts is not None and facts.implements("Task")):
        restart = restart or "temporary"
    return Child(
        id=child.id,
        module=child.module,
        restart=restart or "permanent",
        kind="supervisor" if kind == "supervisor" else ("worker" if child.module else "unknown"),
        path=listing.path,
        line=_line(data, child.start),
        code=child.code,
    )


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def mermaid(tree: SupervisionTree) -> str:
    """A `graph TD` of the tree; supervisors are hexagon-shaped, children in start order."""
    by_module = {s.module: s for s in tree.supervisors}
    lines = ["graph TD"]
    ids: dict[str, str] = {}

    def node(key: str, label: str, supervisor: bool) -> str:
        if key not in ids:
            ids[key] = f"n{len(ids)}"
            left, right = ("{{", "}}") if supervisor else ("[", "]")
            lines.append(f'  {ids[key]}{left}"{_label(label)}"{right}')
        return ids[key]

    def grow(supervisor: SupervisorNode, seen: frozenset[str]) -> None:
        above = node(supervisor.name, _title(supervisor), True)
        for position, child in enumerate(supervisor.children, 1):
            below = by_module.get(child.module)
            key = below.name if below is not None else f"{supervisor.name}/{position}/{child.id}"
            label = _title(below) if below is not None else f"{child.id}<br/>{child.restart}"
            lines.append(f"  {above} -->|{position}| {node(key, label, below is not None or child.kind == 'supervisor')}")
            if below is not None and below.name not in seen:
                grow(below, seen | {below.name})

    started = {c.module for s in tree.supervisors for c in s.children}
    roots = [s for s in tree.supervisors if s.name == tree.root] + [
        s for s in tree.supervisors if s.name != tree.root and s.module not in started
    ]
    for supervisor in roots:
        grow(supervisor, frozenset({supervisor.name}))
    if len(lines) == 1:
        lines.append(f'  n0["{_label(tree.app)}: no supervisor"]')
    return "\n".join(lines)


def _title(supervisor: SupervisorNode) -> str:
    dynamic = "" if supervisor.literal else "<br/>(children added by code)"
    return f"{supervisor.name}<br/>{supervisor.strategy or 'strategy not static'}{dynamic}"


def _label(label: str) -> str:
    return label.replace('"', "'").replace("\n", " ")
