"""Starts in tests that may start nothing: meant to fail, or of a name that the application has."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.module import Module
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.rules.parts.standing import above
from bot.elixir.rules.parts.task_use import is_kept

_NOT_STARTED = re.compile(r":(?:error|ignore)\b")
_FAILING = ("catch_exit", "assert_raise", "catch_error")


def may_run_already(call: Call, project: Project) -> bool:
    """Whether a child specification outside of tests gives the same module the same name, or an
    application has a child of a module that names itself, and the test takes whatever the start
    answers: then it may be the application's own process.
    """
    name = call.keywords().get("name")
    around = call.node.parent
    if name is None and not is_kept(call):
        listed = call.module in project.once("children of applications", _children)
        return listed and not _takes_out(call)
    if name is None or (around is not None and nodes.operator(around) == "="):
        return False
    word = f"name: {text(name)}".encode()
    return any(
        _gives(node, call, text(name), module)
        for path in project.lib_holding(word)
        for module in project.modules_in(path)
        for clause in module.clauses_with(word)
        for node in nodes.of_type(clause.node, "call", "tuple")
    )


def _takes_out(start: Call) -> bool:
    """Whether the same test, or what is set up before it, stops the application or a child."""
    test = _test(start)
    return any(
        (c.name != "stop" or c.full == "Application.stop") and _test(c) in (test, None)
        for c in calls_named(start.owner, ("terminate_child", "delete_child", "stop"))
    )


def _test(call: Call) -> Node | None:
    return next((a for a in above(call) if nodes.is_call_to(a, "test", "property")), None)


def _children(project: Project) -> frozenset[str]:
    """Modules that an application of the project starts, directly or by a supervisor."""
    known = project.modules
    left = [f for f in known.values() if f.role == "lib" and f.implements("Application")]
    found: set[str] = set()
    while left:
        listings = left.pop().child_lists
        new = {c.module for listing in listings for c in listing.children if c.module} - found
        left += [known[name] for name in new if name in known]
        found |= new
    return frozenset(found)


def _gives(node: Node, start: Call, name: str, module: Module) -> bool:
    """Whether it is `{Module, name: name}` or `Module.child_spec(name: name)`."""
    if node.type == "tuple":
        target, *given = node.named_children
    else:
        called = resolve(node, module)
        if called is None or called.name != "child_spec":
            return False
        named = called.keywords().get("name")
        return called.module == start.module and named is not None and text(named) == name
    listed = target.type == "alias" and module.scope.resolve(target) == start.module
    pairs = nodes.keyword_pairs(given[-1]) if listed and given else {}
    return "name" in pairs and text(pairs["name"]) == name


def is_to_fail(call: Call) -> bool:
    """Whether the test asks for its failure, or for a server that is not to start."""
    for node in above(call):
        if nodes.is_call_to(node, *_FAILING):
            return True
        if node.type == "binary_operator" and _NOT_STARTED.search(nodes.text_of(node, "left")):
            return True
    return False
