"""Modules, and functions of them, that no code of the project speaks of."""

from __future__ import annotations

import re

from bot.elixir import nodes
from bot.elixir.callers import could_call, last_part
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project

_FOR_TESTS = "config/test.exs"


def is_never_used(module: Module, project: Project) -> bool:
    """Whether nothing that ships names the module, neither code nor configuration.

    Of a library others may use it.
    """
    app = project.app_of(module.source.path)
    if app is None or not app.deployable:
        return False
    word = last_part(module.name)
    ships = project.lib | project.of_role("config") | project.of_role("mix")
    holding = set(project.texts.holding(word, among=ships)) - {module.source.path}
    named = any(project.texts[p].names(word) for p in holding if not p.endswith(_FOR_TESTS))
    return not named and not _is_named_beside(word, module)


def is_never_called(function: Function, project: Project) -> bool:
    """Whether no code that ships has the function's name, but where it is defined.

    Of a library others may call what it documents.
    """
    app = project.app_of(function.module.source.path)
    if app is None or (not app.deployable and any(map(_documented, function.clauses))):
        return False
    word, own = function.name.encode(), function.module.source.path
    ships = project.lib | project.of_role("config")
    holding = set(project.texts.holding(word, among=ships)) - {own}
    named = re.findall(rb"(?<!@spec )\b" + re.escape(word) + rb"\b", function.module.source.data)
    alone = len(named) == len(function.clauses)
    return alone and not any(project.texts[p].names(word) for p in holding)


def has_no_caller(function: Function, project: Project) -> bool:
    """Whether no code that ships can call a public function: not by its module's name, and not as
    an atom. Of a package, and of what a framework may call, that is not known.
    """
    module = function.module
    app = project.app_of(module.source.path)
    unknown = app is None or not app.callback or app.package
    if unknown or module.uses or module.behaviours or not function.public:
        return False
    own, word = module.source.path, b":" + function.name.encode()
    ships = project.lib | project.of_role("config") | project.of_role("script")
    if any(project.texts[p].names(word) for p in project.texts.holding(word, among=ships)):
        return False
    if any(path != own for path in could_call(module.name, function.name, project, ships)):
        return False
    named = re.compile(rb"(?<!\w)" + re.escape(function.name.encode()) + rb"(?![\w?!])")
    return not any(
        named.search(module.source.data, clause.node.start_byte, clause.node.end_byte)
        for clause in module.clauses_with(function.name.encode())
        if clause.function is not function
    )


def _documented(clause: Clause) -> bool:
    """Whether it has a `@doc` other than `false`."""
    before = clause.node.prev_named_sibling
    while before is not None and (before.type == "comment" or nodes.operator(before) == "@"):
        if text(before).startswith("@doc") and text(before) != "@doc false":
            return True
        before = before.prev_named_sibling
    return False


def _is_named_beside(word: bytes, module: Module) -> bool:
    """Whether its own file names it outside of it."""
    data, node = module.source.data, module.node
    rest = data[: node.start_byte] + data[node.end_byte :]
    return re.search(rb"\b" + re.escape(word) + rb"\b", rest) is not None
