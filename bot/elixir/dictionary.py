"""The process dictionary: which keys a module writes, reads and drops, and who reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.reach import is_callback, is_server, reached, reached_from_callbacks
from bot.elixir.results import results

_DICTIONARIES = ("Process", ":erlang")
_TAKE = ("=", "==", "!=", "===", "!==")
_STARTS = (("init", 1), ("handle_continue", 2))


@dataclass
class Uses:
    """Where one key is written, read and dropped in a module."""

    writes: list[tuple[Call, Clause]] = field(default_factory=list)
    reads: list[tuple[Call, Clause]] = field(default_factory=list)
    drops: list[tuple[Call, Clause]] = field(default_factory=list)


def gives_old_value(write: Call) -> bool:
    """Whether the value that was there before, which a write gives back, is used."""
    around = write.node.parent
    if around is None:
        return False
    if around.type == "unary_operator":
        return nodes.operator(around) in ("!", "not")
    right = around.child_by_field_name("right")
    last = right is not None and right.id == write.node.id
    return around.type == "binary_operator" and (not last or nodes.operator(around) in _TAKE)


def uses_of(module: Module) -> dict[str, Uses]:
    """What the module does to its processes' dictionaries, by key as it is first written.

    Keys that differ only in the names of their variables count as one.
    """
    keys: dict[str, Uses] = {}
    for clause in module.clauses_with(b"Process.", b":erlang."):
        for call in clause.calls:
            if call.module in _DICTIONARIES and call.args and not call.in_quote:
                _note(call, clause, keys)
    return {_first_written(key, uses): uses for key, uses in keys.items()}


def _note(call: Call, clause: Clause, keys: dict[str, Uses]) -> None:
    key = _shape(call.args[0], clause.function.module)
    where = (call, clause)
    if call.name == "put" and call.arity == 2:
        keys.setdefault(key, Uses()).writes.append(where)
    elif call.name == "get" and call.arity <= 2:
        keys.setdefault(key, Uses()).reads.append(where)
    elif call.name in ("delete", "erase") and call.arity == 1:
        keys.setdefault(key, Uses()).drops.append(where)


def _first_written(key: str, uses: Uses) -> str:
    first = uses.writes[0][0] if uses.writes else None
    return key_of(first.args[0], first.owner) if first is not None else key


def _shape(key: Node, module: Module) -> str:
    """A key without the names of the variables in it: each clause has its own for them."""
    written = key_of(key, module)
    if key.type != "tuple":
        return written
    for name in nodes.identifiers(key):
        written = re.sub(rf"(?<![\w:@.]){re.escape(name)}(?![\w?!:(])", "_", written)
    return written


def key_of(node: Node, module: Module) -> str:
    """A key as it is written, or as the attribute that it is has it."""
    operand = node.child_by_field_name("operand")
    named = nodes.operator(node) == "@" and operand is not None
    if named and operand is not None and text(operand) in module.attributes:
        node = module.attributes[text(operand)]
    return text(node).replace("__MODULE__", module.name)


def tells_who_it_is(uses: Uses, module: Module) -> bool:
    """Whether a server writes it as it starts or takes its only piece of work, and only functions
    for others read it.
    """
    if not is_server(module) or not uses.reads or uses.drops:
        return False
    starts = [module.functions[key] for key in _STARTS if key in module.functions]
    once = {step.clause.node.id for step in reached(starts)}
    own = {step.clause.node.id for step in reached_from_callbacks(module)}
    return all(
        clause.node.id in once or (is_callback(clause.function) and _always_ends(clause))
        for _, clause in uses.writes
    ) and all(clause.function.public and clause.node.id not in own for _, clause in uses.reads)


def _always_ends(clause: Clause) -> bool:
    """Whether the server stops with this message, whatever comes of it."""
    found = list(results(clause))
    return bool(found) and all(
        result.type == "tuple" and text(result.named_children[0]) == ":stop" for result in found
    )


def takes_all(module: Module) -> bool:
    """Whether the module looks at the whole dictionary, every key in it."""
    return any(
        call.module in _DICTIONARIES and call.name == "get" and call.arity == 0
        for clause in module.clauses_with(b"Process.get", b":erlang.get")
        for call in clause.calls
    )


def is_handed_on(uses: Uses, module: Module) -> bool:
    """Whether the key is passed to a function, which may read it."""
    key = text(uses.writes[0][0].args[0])
    own = {c.node.id for c, _ in (*uses.writes, *uses.drops)}
    return any(
        call.node.id not in own and any(text(argument) == key for argument in call.args)
        for clause in module.clauses_with(key.encode())
        for call in clause.calls
    )
