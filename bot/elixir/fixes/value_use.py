"""What becomes of an expression's value: dropped, bound to a name, passed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import STARTS_PROCESS, resolve
from bot.elixir.outline import DEFINITIONS, Module

BLOCKS = frozenset({"do_block", "body", "block", "else_block", "after_block", "source"})
_BRANCHING = frozenset(
    {"if", "unless", "case", "cond", "with", "try", "receive", "for", "else", "rescue", "catch"}
)


@dataclass(frozen=True, eq=False)
class ValueUse:
    """How an expression's value is used."""

    kind: Literal["dropped", "bound", "tail", "keyword-body", "inside"]
    """`dropped`: nobody sees it; `bound`: `name = expression`; `tail`: it is the last statement
    of a block whose value is used; `keyword-body`: the same in `def ..., do: expression`;
    `inside`: part of a larger expression."""
    node: Node
    """The statement: the expression, the whole match, or the definition's keyword list."""
    name: str = ""
    """`bound`: the variable."""
    value_used: bool = False
    """`bound`: the match is itself the value of its block."""


def use_of(expression: Node, module: Module) -> ValueUse:
    """The use of an expression's value within its function."""
    if _dropped(expression, module):
        return ValueUse("dropped", expression)
    parent = expression.parent
    if parent is None:
        return ValueUse("inside", expression)
    if nodes.operator(parent) == "=":
        return _match(expression, parent, module)
    if parent.type in BLOCKS:
        return ValueUse("tail", expression)
    if parent.type == "pair" and nodes.text_of(parent, "key").strip() == "do:":
        keywords = parent.parent
        definition = keywords.parent.parent if keywords is not None and keywords.parent else None
        alone = keywords is not None and keywords.named_child_count == 1
        if keywords is not None and definition is not None and alone and _is_definition(definition):
            return ValueUse("keyword-body", keywords)
    return ValueUse("inside", expression)


def _match(expression: Node, match: Node, module: Module) -> ValueUse:
    left = match.child_by_field_name("left")
    dropped = _dropped(match, module)
    last = match.parent is not None and match.parent.type in BLOCKS
    if (
        left is None
        or left.type != "identifier"
        or left.id == expression.id
        or not (dropped or last)
    ):
        return ValueUse("inside", expression)
    name = nodes.text(left)
    if name.startswith("_") and dropped:
        return ValueUse("dropped", expression)
    return ValueUse("bound", match, name, value_used=not dropped)


def _dropped(node: Node, module: Module, seen: frozenset[str] = frozenset()) -> bool:
    """Whether nobody sees the value; `seen` names the private functions already looked into."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type in BLOCKS:
        if parent.type == "after_block" or not _is_last(node, parent):
            return True
        construct = _construct_of(parent)
        return construct is not None and _construct_dropped(construct, module, seen)
    if parent.type == "pair" and nodes.text_of(parent, "key").strip() in ("do:", "else:"):
        call = parent.parent.parent.parent if parent.parent and parent.parent.parent else None
        return call is not None and _construct_dropped(call, module, seen)
    return _runs_for_effect(node, module)


def _is_last(node: Node, block: Node) -> bool:
    following = [c for c in block.named_children if c.start_byte > node.start_byte]
    others = ("comment", "rescue_block", "catch_block", "after_block", "else_block")
    return not any(c.type not in others for c in following)


def _construct_of(block: Node) -> Node | None:
    """The call or anonymous function whose value the block's last statement is."""
    node = block.parent
    while node is not None and node.type in (
        "stab_clause",
        "do_block",
        "else_block",
        "rescue_block",
        "catch_block",
    ):
        node = node.parent
    return node


def _construct_dropped(construct: Node, module: Module, seen: frozenset[str]) -> bool:
    if construct.type == "anonymous_function":
        return _runs_for_effect(construct, module)
    if construct.type != "call":
        return False
    if _is_definition(construct):
        return _result_dropped(construct, module, seen)
    return nodes.text_of(construct, "target") in _BRANCHING and _dropped(construct, module, seen)


def _result_dropped(definition: Node, module: Module, seen: frozenset[str]) -> bool:
    """Whether a private function is only called where its result is dropped."""
    clauses = [c for c in module.all_clauses() if c.node.id == definition.id]
    function = clauses[0].function if clauses else None
    if function is None or function.kind != "defp" or function.label in seen:
        return False
    uses = [
        call
        for clause in module.all_clauses()
        for call in clause.calls
        if call.module == module.name and module.local(call.name, call.arity) is function
    ]
    inner = seen | {function.label}
    return bool(uses) and all(
        not c.captured and not c.piped and _dropped(c.node, module, inner) for c in uses
    )


def _runs_for_effect(function: Node, module: Module) -> bool:
    """Whether a function is handed to a call that ignores what it returns."""
    if function.type not in ("anonymous_function", "unary_operator"):
        return False
    arguments = function.parent
    call = arguments.parent if arguments is not None and arguments.type == "arguments" else None
    resolved = resolve(call, module) if call is not None and call.type == "call" else None
    if resolved is None:
        return False
    if resolved.full in ("Enum.each", "Stream.each"):
        return resolved.args[-1].id == function.id
    return resolved.full in STARTS_PROCESS and ".async" not in resolved.full


def _is_definition(call: Node) -> bool:
    return call.type == "call" and nodes.text_of(call, "target") in DEFINITIONS
