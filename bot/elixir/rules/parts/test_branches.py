"""What a branch that is compiled for tests holds."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import calls_in
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.rules.parts.nil_guards import does_nothing

_SANDBOX = "Ecto.SQL.Sandbox"
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
