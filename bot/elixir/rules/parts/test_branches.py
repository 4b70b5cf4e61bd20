"""What a branch that is compiled for tests holds."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import calls_in
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.rules.parts.nil_guards import does_nothing

_SANDBOX = "Ecto.SQL.Sandbox"
_ROUTES = ("scope", "forward")
_OPTIONS = ("compile", "deprecated", "dialyzer", "doc", "moduledoc", "typedoc")


def only_adds(branch: Node, atom: Node) -> bool:
    """Whether it is an `if ... == :test` without an `else`."""
    bare = _else(branch) is None and "else" not in nodes.call_keywords(branch)
    return bare and _is_for_the_test(branch, atom)


def only_hooks(branch: Node, atom: Node) -> bool:
    """Whether its `else` only defines functions that do nothing."""
    block = nodes.statements(_else(branch))
    return bool(block) and _is_for_the_test(branch, atom) and all(map(does_nothing, block))


def _is_for_the_test(branch: Node, atom: Node) -> bool:
    equal = atom.parent is not None and nodes.operator(atom.parent) in ("==", "===")
    return equal and nodes.is_call_to(branch, "if")


def _else(branch: Node) -> Node | None:
    block = nodes.do_block(branch)
    inside = block.named_children if block is not None else []
    return next((c for c in inside if c.type == "else_block"), None)


def only_a_sandbox(branch: Node) -> bool:
    block = nodes.statements(nodes.do_block(branch))
    return bool(block) and all(
        nodes.is_call_to(node, "plug", "socket") and _SANDBOX in text(node) for node in block
    )


def only_routes(branch: Node) -> bool:
    """Whether all it holds are scopes of a router: what ships has the other routes as they are."""
    block = nodes.statements(nodes.do_block(branch))
    return bool(block) and all(nodes.is_call_to(node, *_ROUTES) for node in block)


def only_shows_attributes(branch: Node) -> bool:
    """Whether all it holds are functions that give back an attribute of the module."""
    block = nodes.statements(nodes.do_block(branch))
    return bool(block) and all(map(_shows_an_attribute, block))


def _shows_an_attribute(node: Node) -> bool:
    if not nodes.is_call_to(node, "def"):
        return False
    short = nodes.call_keywords(node).get("do")
    body = [short] if short is not None else nodes.statements(nodes.do_block(node))
    return len(body) == 1 and nodes.operator(body[0]) == "@"


def takes_an_override(branch: Node, atom: Node, module: Module) -> bool:
    """Whether tests run what ships, but for a value that they hand over with an argument:
    `conn.private[:name] || @name`, where the other branch has `@name`.
    """
    block, other = nodes.do_block(branch), _else(branch)
    if block is None or other is None or not _is_for_the_test(branch, atom):
        return False
    first = [node for node in nodes.statements(block) if node.type != "else_block"]
    called = {call.full for node in first for call in calls_in(node, module)}
    given = [o for node in first for o in operations(node, "||")]
    ships = [call.full for node in nodes.statements(other) for call in calls_in(node, module)]
    return bool(given) and called.issuperset(ships) and all(_falls_back(o, other) for o in given)


def _falls_back(either: Node, other: Node) -> bool:
    """Whether it is a field of a value, or else what the other branch holds."""
    left, right = either.child_by_field_name("left"), either.child_by_field_name("right")
    if left is None or right is None or left.type != "access_call":
        return False
    return bool(nodes.identifiers(left)) and text(right) in text(other)


def sets_compiler(branch: Node) -> bool:
    """Whether all it decides about is options of the compiler, its warnings, or documentation."""
    if any(_is_option(a) for a in nodes.ancestors(branch) if nodes.operator(a) == "@"):
        return True
    block = nodes.statements(nodes.do_block(branch))
    return bool(block) and all(map(_is_option, block))


def _is_option(node: Node) -> bool:
    operand = node.child_by_field_name("operand") if nodes.operator(node) == "@" else None
    return operand is not None and nodes.is_call_to(operand, *_OPTIONS)


def reads_dictionary(branch: Node, module: Module) -> bool:
    """Whether what tests set counts for the process alone that has it in its dictionary."""
    return any(c.full == "Process.get" for c in calls_in(branch, module))
