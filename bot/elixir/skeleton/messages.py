"""What the process of a module is sent, and what it starts at run time."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir.calls import Call
from bot.elixir.child_specs import child
from bot.elixir.expressions import Expression
from bot.elixir.module import Function, Module
from bot.elixir.skeleton.clip import clip, distinct

MESSAGES = {
    "handle_call/3": "call",
    "handle_cast/2": "cast",
    "handle_info/2": "info",
    "handle_continue/2": "continue",
    "handle_event/3": "event",
    "handle_event/4": "event",
    "handle_in/3": "in",
}
"""Callbacks whose first argument (two of `handle_event/4`) is a message."""

_MAX_PATTERN, _MAX_SUPERVISOR = 50, 80


def messages_of(module: Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The callback's label and the patterns of its clauses."""
    for function in module.functions.values():
        if function.label in MESSAGES:
            yield function.label, tuple(_patterns(function))


def _patterns(function: Function) -> list[str]:
    matched = 2 if function.arity == 4 else 1
    return distinct(
        " ".join(clip(param.text, _MAX_PATTERN) for param in clause.params[:matched])
        for clause in function.clauses
    )


def starts_of(module: Module) -> list[tuple[str, str]]:
    """(supervisor, child) of each `start_child` whose child can be seen."""
    found: dict[tuple[str, str], None] = {}
    for clause in module.clauses_with(b"start_child("):
        for call in clause.calls:
            if call.name == "start_child" and len(call.args) == 2 and not call.in_quote:
                started = child(Expression(call.args[1], clause), call.args[1]).module
                if started:
                    found.setdefault((_supervisor(call, call.args[0]), clip(started, 120)))
    return list(found)


def _supervisor(call: Call, node: Node) -> str:
    node = call.owner.value(node)
    if node.type == "alias" or node.text == b"__MODULE__":
        return clip(call.owner.scope.resolve(node), _MAX_SUPERVISOR)
    return clip(node.text, _MAX_SUPERVISOR)
