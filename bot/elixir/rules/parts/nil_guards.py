"""Code that only runs where an argument was given which is otherwise `nil`."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.rules.parts.standing import above


def given_only_by_tests(tool: Call, clause: Clause) -> Node | None:
    """The `if`, or the clause for `nil`, by which a call of a test tool is left out without one of
    the arguments that it takes.
    """
    taken = {text(arg) for arg in tool.args}
    for around in above(tool):
        block = nodes.do_block(around) if nodes.is_call_to(around, "if") else None
        condition = next(iter(nodes.arguments(around)), None) if block is not None else None
        if condition is not None and _given(condition) in taken:
            return condition if not _in_else(block, tool) else None
    return _clause_for_nil(taken, clause)


def _given(condition: Node) -> str:
    """What an `if` asks for: a value, or a name that it gives to one."""
    return nodes.text_of(condition, "left") if nodes.operator(condition) == "=" else text(condition)


def does_nothing(definition: Node) -> bool:
    """Whether it is the definition of a function that only answers an atom."""
    is_function = nodes.is_call_to(definition, "def", "defp")
    short = nodes.call_keywords(definition).get("do") if is_function else None
    body = [short] if short is not None else nodes.statements(nodes.do_block(definition))
    return len(body) == 1 and body[0].type in ("atom", "nil")


def _in_else(block: Node | None, tool: Call) -> bool:
    inside = block.named_children if block is not None else []
    return any(c.type == "else_block" and nodes.contains(c, tool.node) for c in inside)


def _clause_for_nil(taken: set[str], clause: Clause) -> Node | None:
    """An earlier clause that does nothing for `nil` where this one has what the tool takes."""
    for other in clause.function.clauses:
        if other is clause:
            return None
        pairs = zip(other.params, clause.params, strict=True)
        if does_nothing(other.node) and any(_is_nil(a, b, taken) for a, b in pairs):
            return other.head
    return None


def _is_nil(pattern: Node, param: Node, taken: set[str]) -> bool:
    if pattern.type == "nil":
        return text(param) in taken
    absent, wanted = _fields(pattern), _fields(param)
    return any(value == "nil" and wanted.get(key) in taken for key, value in absent.items())


def _fields(pattern: Node) -> dict[str, str]:
    return {
        nodes.text_of(pair, "key").strip(): nodes.text_of(pair, "value")
        for pair in nodes.of_type(pattern, "pair")
    }
