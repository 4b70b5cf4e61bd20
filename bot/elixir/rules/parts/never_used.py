"""Modules, and functions of them, that no code of the project speaks of."""

from __future__ import annotations

import re

from tree_sitter import Node

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


def is_only_read(module: Module, writing: list[Function], project: Project) -> bool:
    """Whether what ships names the module only to start it, or to call what does not write.

    Of a library others may call what it documents; what a test calls is there to be called.
    """
    app = project.app_of(module.source.path)
    documented = any(_documented(c) for function in writing for c in function.clauses)
    if app is None or (not app.deployable and documented) or _calls_itself(module, writing):
        return False
    word, names = last_part(module.name), {function.name for function in writing}
    code = set(project.texts.holding(word, among=project.lib))
    if project.texts.holding(word, among=project.of_role("config")) or any(
        project.texts[path].names(word + b"." + name.encode())
        for path in project.texts.holding(word + b".", among=project.of_role("test"))
        for name in names
    ):
        return False
    return all(
        _is_harmless(alias, names)
        for path in code
        for alias in nodes.of_type(project.source(path).root, "alias")
        if text(alias).rpartition(".")[2].encode() == word
    )


def _calls_itself(module: Module, writing: list[Function]) -> bool:
    """Whether another function of the module calls one of those, or hands it on."""
    own = {(function.name, function.arity) for function in writing}
    words = [function.name.encode() for function in writing]
    return any(
        call.module == module.name and (call.name, call.arity) in own
        for clause in module.clauses_with(*words)
        for call in clause.calls
    )


def _is_harmless(alias: Node, names: set[str]) -> bool:
    """Whether the name of a module stands where nothing but its start or such a call comes of it:
    in its definition, a directive, a list of children, or before a function of another name.
    """
    parent = alias.parent
    if parent is None:
        return False
    if parent.type == "dot":
        called = parent.child_by_field_name("right")
        if called is not None and called.type == "identifier":
            return text(called) not in names
    for around in nodes.ancestors(alias):
        if nodes.is_call_to(around, "defmodule"):
            return text(nodes.arguments(around)[0]) == text(alias)
        if nodes.is_call_to(around, "alias"):
            return b"as:" not in (around.text or b"")
        if around.type in ("do_block", "call"):
            break
    if parent.type == "tuple" and parent.named_children[0].id == alias.id:
        parent = parent.parent
    return parent is not None and parent.type == "list"


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
