"""The data of a module and the messages of its process: struct, schema, tables, patterns."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Function, Module
from bot.elixir.nodes import text
from bot.elixir.skeleton_clip import clip, listed

_MESSAGES = {
    ("handle_call", 3): "call",
    ("handle_cast", 2): "cast",
    ("handle_info", 2): "info",
    ("handle_continue", 2): "continue",
    ("handle_event", 3): "event",
    ("handle_in", 3): "in",
}
_MAX_PATTERN, _MAX_PATTERNS, _MAX_FIELDS, _MAX_OPTIONS = 50, 40, 60, 60
_FIELDS = ("struct", "exception")


def shapes_of(module: Module) -> Iterator[str]:
    """`struct a, b`, `schema "users": name, belongs_to team`, in source order."""
    for call in module.loose:
        word = nodes.text_of(call, "target")
        if word in ("defstruct", "defexception"):
            names = ", ".join(listed(_field_names(call), _MAX_FIELDS))
            yield f"{word.removeprefix('def')} {names}".rstrip()
        elif word in ("schema", "embedded_schema"):
            yield _schema(call, word)


def _field_names(call: Node) -> Iterator[str]:
    args = nodes.arguments(call)
    for node in args[:1]:
        if node.type == "keywords":
            yield from (clip(k, 40) for k in nodes.keyword_pairs(node))
            return
        for child in node.named_children:
            if child.type == "keywords":
                yield from (clip(k, 40) for k in nodes.keyword_pairs(child))
            elif child.type == "atom":
                yield clip(text(child).removeprefix(":"), 40)


def _schema(call: Node, word: str) -> str:
    args = nodes.arguments(call)
    table = f" {clip(args[0].text or b'', 60)}" if args and word == "schema" else ""
    fields = []
    for statement in nodes.statements(nodes.do_block(call)):
        given = nodes.arguments(statement) if statement.type == "call" else []
        if not given:
            continue
        how = nodes.text_of(statement, "target")
        name = clip(given[0].text or b"", 40).removeprefix(":")
        fields.append(name if how == "field" else f"{clip(how, 30)} {name}")
    return f"{word}{table}: {', '.join(listed(fields, _MAX_FIELDS))}"


def messages_of(module: Module) -> Iterator[str]:
    """`call {:get, key}, :stop` for each kind of message its process takes."""
    for key, word in _MESSAGES.items():
        function = module.functions.get(key)
        if function is not None:
            yield f"{word} {', '.join(listed(_patterns(function), _MAX_PATTERNS))}"


def _patterns(function: Function) -> list[str]:
    found: dict[str, None] = {}
    for clause in function.clauses:
        if clause.params:
            found.setdefault(clip(clause.params[0].text or b"", _MAX_PATTERN))
    return list(found)
