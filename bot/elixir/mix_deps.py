"""The dependencies a mix.exs declares. Read as syntax, never evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Module
from bot.elixir.nodes import text
from bot.elixir.outline import modules_of
from bot.elixir.source import Source

_PLACES = ("git", "github", "path", "in_umbrella", "organization", "override", "runtime")


@dataclass(frozen=True)
class Dependency:
    """One entry of `deps`."""

    name: str
    requirement: str = ""
    only: tuple[str, ...] = ()
    """Environments it is for; empty for all."""
    options: tuple[tuple[str, str], ...] = ()
    """Where it comes from and the like, as written: `git`, `path`, `in_umbrella`, ..."""


@dataclass(frozen=True)
class Declared:
    """What could be read."""

    dependencies: tuple[Dependency, ...]
    complete: bool
    """False when the list is also computed in ways that only running it would tell."""


def declared(source: Source) -> Declared:
    """The dependencies of one mix.exs, in the order they are written."""
    module = next((m for m in modules_of(source) if m.use("Mix.Project")), None)
    value = _project_deps(module) if module is not None else None
    if module is None or value is None:
        return Declared((), complete=module is not None)
    entries = list(_entries(value, module, frozenset()))
    found = [dependency for entry in entries if (dependency := _dependency(entry)) is not None]
    return Declared(tuple(found), complete=len(found) == len(entries))


def _project_deps(module: Module) -> Node | None:
    project = module.functions.get(("project", 0))
    last = project.clauses[0].statements()[-1:] if project is not None else []
    return nodes.keyword_pairs(last[0]).get("deps") if last else None


def _entries(value: Node, module: Module, seen: frozenset[str]) -> Iterator[Node]:
    """Each entry of a list, through `++` and functions of the module; what is neither, itself.

    What another function is given may be in the list it returns.
    """
    if value.type == "list":
        yield from (child for child in value.named_children if child.type != "comment")
    elif nodes.operator(value) == "++":
        for side in ("left", "right"):
            if (child := value.child_by_field_name(side)) is not None:
                yield from _entries(child, module, seen)
    elif value.type in ("call", "identifier"):
        name = nodes.text_of(value, "target") if value.type == "call" else text(value)
        function = module.functions.get((name, 0))
        body = function.clauses[0].statements() if function is not None else []
        if len(body) == 1 and name not in seen:
            yield from _entries(body[0], module, seen | {name})
        else:
            for argument in nodes.arguments(value) if value.type == "call" else ():
                yield from _entries(argument, module, seen)
            yield value
    else:
        yield value


def _dependency(entry: Node) -> Dependency | None:
    parts = entry.named_children
    if entry.type != "tuple" or not parts or parts[0].type != "atom":
        return None
    keywords = next((part for part in parts if part.type == "keywords"), None)
    options = nodes.keyword_pairs(keywords)
    requirement = next((text(part).strip('"') for part in parts[1:] if part.type == "string"), "")
    return Dependency(
        name=text(parts[0]).removeprefix(":").strip('"'),
        requirement=requirement,
        only=_atoms(options.get("only")),
        options=tuple((key, text(options[key]).strip('"')) for key in _PLACES if key in options),
    )


def _atoms(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    atoms = node.named_children if node.type == "list" else [node]
    return tuple(text(atom).removeprefix(":") for atom in atoms)
