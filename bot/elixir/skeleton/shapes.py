"""The data of a module: struct, schema, exception, record, the state of its process, tables."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.initial_state import initial_states, keys_of, struct_of
from bot.elixir.module import Module
from bot.elixir.nodes import text
from bot.elixir.skeleton.clip import clip, distinct, listed

_MAX_NAME, _MAX_FIELDS, _MAX_TABLE = 40, 60, 60
_FIELDS = {
    "defstruct": "struct",
    "defexception": "exception",
    "Record.defrecord": "record",
    "Record.defrecordp": "record",
    "defrecord": "record",
    "defrecordp": "record",
}


def shapes_of(module: Module) -> Iterator[str]:
    """`struct a, b`, `schema "users": name, belongs_to team`, `state a, b`, `table :cache, ...`."""
    for call in module.loose:
        word = nodes.text_of(call, "target")
        if word in _FIELDS:
            yield f"{_FIELDS[word]} {listed(list(_field_names(call)), _MAX_FIELDS)}".rstrip()
        elif word in ("schema", "embedded_schema", "typedstruct"):
            yield _schema(call, word)
    yield from distinct(_states(module))
    yield from distinct(_tables(module))


def _field_names(call: Node) -> Iterator[str]:
    for argument in nodes.arguments(call):
        if argument.type == "keywords":
            yield from (clip(key, _MAX_NAME) for key in nodes.keyword_pairs(argument))
        for child in argument.named_children if argument.type == "list" else (argument,):
            if child.type == "keywords" and child is not argument:
                yield from (clip(key, _MAX_NAME) for key in nodes.keyword_pairs(child))
            elif child.type == "atom":
                yield clip(text(child).removeprefix(":"), _MAX_NAME)


def _schema(call: Node, word: str) -> str:
    args = nodes.arguments(call)
    table = f" {clip(args[0].text, _MAX_NAME)}" if args and word == "schema" else ""
    fields = []
    for statement in nodes.statements(nodes.do_block(call)):
        given = nodes.arguments(statement) if statement.type == "call" else []
        how = nodes.text_of(statement, "target")
        name = clip(given[0].text, _MAX_NAME).removeprefix(":") if given else ""
        fields.append(name if how == "field" else f"{clip(how, _MAX_NAME)} {name}".rstrip())
    return f"{word}{table}: {listed(fields, _MAX_FIELDS)}"


def _states(module: Module) -> Iterator[str]:
    """What the process of a GenServer starts with, where that is a map or a struct."""
    for state in initial_states(module) if module.implements("GenServer") else ():
        if state.type == "map":
            keys = [clip(key, _MAX_NAME) for key in keys_of(state)]
            yield f"state %{clip(struct_of(state), _MAX_NAME)}{{{listed(keys, _MAX_FIELDS)}}}"


def _tables(module: Module) -> Iterator[str]:
    for clause in module.clauses_with(b":ets.new"):
        for call in clause.calls:
            if call.full == ":ets.new" and len(call.args) == 2:
                name = module.value(call.args[0])
                yield f"table {clip(name.text, _MAX_NAME)}, {clip(call.args[1].text, _MAX_TABLE)}"
