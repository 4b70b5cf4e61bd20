"""Statements of a module body: which only choose what is compiled, and which only refuse to."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import DEFINITIONS, Module
from bot.elixir.rules.parts.raising import always_raises

SWITCHES = ("if", "unless", "case", "cond")
_ONLY_COMPILED = ("use", "import", "require", "alias")
"""What only compilation can choose."""


def is_elsewhere(statement: Node) -> bool:
    """Whether what it holds is not of the body: a function, or a module of its own."""
    return nodes.is_call_to(statement, *DEFINITIONS, "defmodule", "defimpl", "defprotocol")


def only_refuses(statement: Node, module: Module) -> bool:
    """Whether it is a condition under which the build ends, and which keeps nothing."""
    if not nodes.is_call_to(statement, "if", "unless"):
        return False
    block = nodes.do_block(statement)
    held = nodes.statements(block) if block is not None else []
    return bool(held) and all(always_raises(node, module) for node in held)


def chooses_a_build(statement: Node) -> bool:
    """Whether it is a switch around what no function could hold."""
    if not nodes.is_call_to(statement, *SWITCHES):
        return False
    return any(
        nodes.is_call_to(call, *_ONLY_COMPILED) and not _in_a_definition(call, statement)
        for call in nodes.of_type(statement, "call")
    )


def _in_a_definition(call: Node, statement: Node) -> bool:
    inside = (a for a in nodes.ancestors(call) if nodes.contains(statement, a))
    return any(is_elsewhere(around) for around in inside)


def only_an_adapter(name: str, module: Module) -> bool:
    """Whether an attribute is the adapter that a `use` builds on, and nothing else."""
    uses = [n for n in nodes.of_type(module.node, "unary_operator") if nodes.operator(n) == "@"]
    read = [n for n in uses if text(n) == f"@{name}"]
    return bool(read) and all(map(_is_adapter_of_a_use, read))


def _is_adapter_of_a_use(node: Node) -> bool:
    pair = node.parent
    if pair is None or pair.type != "pair" or nodes.text_of(pair, "key").strip() != "adapter:":
        return False
    around = next((a for a in nodes.ancestors(pair) if a.type == "call"), None)
    return around is not None and nodes.is_call_to(around, "use")
