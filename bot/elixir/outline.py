"""Modules, functions and clauses of a file, found by a shallow walk over module bodies."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.definition import DEFINITIONS, Signature, plain_signature, signature
from bot.elixir.module import Clause, Function, Module, Use
from bot.elixir.nodes import text
from bot.elixir.scope import Scope
from bot.elixir.source import Source

__all__ = ["DEFINITIONS", "Clause", "Function", "Module", "Use", "modules_of"]

CONTAINERS = frozenset({"defmodule", "defimpl", "defprotocol"})
MOST_NESTED = 20
"""Blocks within blocks; people write a handful, and Python's stack has an end."""
_ATTRIBUTE = re.compile(rb"@([a-z_]\w*)")


def modules_of(source: Source) -> list[Module]:
    """All modules of a file, outer before nested; none of one that is nested too deeply."""
    found: list[Module] = []
    if source.deep:
        return found
    scope = Scope(module="")
    _walk(source, source.root, None, scope, found)
    return found


def _walk(
    source: Source,
    block: Node,
    parent: Module | None,
    scope: Scope,
    found: list[Module],
    depth: int = 0,
) -> None:
    if depth > MOST_NESTED:
        return
    for child in block.named_children:
        if child.type == "call":
            plain = plain_signature(source.data, child.start_byte) if parent is not None else None
            if plain is not None and parent is not None:
                _clause(child, plain, parent)
            else:
                _statement(source, child, parent, scope, found, depth)
        elif child.type == "unary_operator" and parent is not None:
            _attribute(child, parent)


def _statement(
    source: Source,
    call: Node,
    parent: Module | None,
    scope: Scope,
    found: list[Module],
    depth: int,
) -> None:
    target = call.child_by_field_name("target")
    word = text(target) if target is not None and target.type == "identifier" else ""
    if word in CONTAINERS:
        _container(source, call, word, parent, scope, found, depth)
    elif word in ("alias", "import", "require"):
        scope.directive(word, call)
    elif parent is None:
        block = nodes.do_block(call)
        if block is not None:
            _walk(source, block, parent, scope, found, depth + 1)
    elif word in DEFINITIONS:
        found_signature = signature(word, call)
        if found_signature is not None:
            _clause(call, found_signature, parent)
    elif word == "use":
        _use(call, parent)
    else:
        parent.loose.append(call)
        if word in ("if", "unless", "for", "describe") and (block := nodes.do_block(call)):
            for part in (block, *(c for c in block.named_children if c.type == "else_block")):
                _walk(source, part, parent, scope, found, depth + 1)


def _container(
    source: Source,
    call: Node,
    word: str,
    parent: Module | None,
    scope: Scope,
    found: list[Module],
    depth: int,
) -> None:
    args = nodes.arguments(call)
    if not args:
        return
    name = _module_name(args, word, parent, scope)
    inner = Scope(module=name, outer=scope)
    module = Module(source, name, call, nodes.do_block(call), parent, word, inner)
    if parent is not None:
        parent.nested.append(module)
        if word == "defmodule" and args[0].type == "alias":
            first = text(args[0]).split(".")[0]
            scope.aliases.setdefault(first, f"{parent.name}.{first}")
    found.append(module)
    if module.body is not None:
        _walk(source, module.body, module, inner, found, depth + 1)


def _module_name(args: list[Node], word: str, parent: Module | None, scope: Scope) -> str:
    if word == "defimpl":
        target = nodes.keyword_pairs(args[-1]).get("for") if len(args) > 1 else None
        protocol = scope.resolve(args[0])
        return f"{protocol}.{scope.resolve(target) if target is not None else scope.module}"
    written = text(args[0])
    if written.startswith("__MODULE__"):
        return scope.resolve(args[0])
    if written.startswith("Elixir."):
        return written.removeprefix("Elixir.")
    return f"{parent.name}.{written}" if parent is not None and args[0].type == "alias" else written


def _use(call: Node, module: Module) -> None:
    args = nodes.arguments(call)
    if args:
        name = module.scope.resolve(args[0])
        module.uses.append(Use(name, call, nodes.call_keywords(call) if len(args) > 1 else {}))


def _attribute(node: Node, module: Module) -> None:
    seen = _ATTRIBUTE.match(module.source.data, node.start_byte)
    if seen is not None and seen[1] != b"behaviour" and seen[1].decode() in module.attributes:
        return
    operand = node.child_by_field_name("operand")
    if nodes.operator(node) != "@" or operand is None or operand.type != "call":
        return
    name, args = nodes.text_of(operand, "target"), nodes.arguments(operand)
    if not args:
        return
    if name == "behaviour":
        module.behaviours.append(module.scope.resolve(args[0]))
    module.attributes.setdefault(name, args[0])


def _clause(call: Node, of: Signature, module: Module) -> None:
    key = (of.name, of.arity)
    function = module.functions.get(key)
    if function is None:
        function = Function(module, of.name, of.arity, of.min_arity, of.kind)
        module.functions[key] = function
    function.min_arity = min(function.min_arity, of.min_arity)
    function.clauses.append(Clause(function, call))
