"""The process dictionary: which keys a module writes, reads and drops, and who reads them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.reach import is_callback, is_server, reached, reached_from_callbacks
from bot.elixir.results import results

_DICTIONARIES = ("Process", ":erlang")
_STARTS = (("init", 1), ("handle_continue", 2))


@dataclass
class Uses:
    """Where one key is written, read and dropped in a module."""

    writes: list[tuple[Call, Clause]] = field(default_factory=list)
    reads: list[tuple[Call, Clause]] = field(default_factory=list)
    drops: list[tuple[Call, Clause]] = field(default_factory=list)


def uses_of(module: Module) -> dict[str, Uses]:
    """What the module does to its processes' dictionaries, by key."""
    keys: dict[str, Uses] = {}
    for clause in module.clauses_with(b"Process.", b":erlang."):
        for call in clause.calls:
            if call.module in _DICTIONARIES and call.args and not call.in_quote:
                _note(call, clause, keys)
    return keys


def _note(call: Call, clause: Clause, keys: dict[str, Uses]) -> None:
    key = key_of(call.args[0], clause.function.module)
    where = (call, clause)
    if call.name == "put" and call.arity == 2:
        keys.setdefault(key, Uses()).writes.append(where)
    elif call.name == "get" and call.arity <= 2:
        keys.setdefault(key, Uses()).reads.append(where)
    elif call.name in ("delete", "erase") and call.arity == 1:
        keys.setdefault(key, Uses()).drops.append(where)


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


def is_handed_on(uses: Uses, module: Module) -> bool:
    """Whether the key is passed to a function, which may read it."""
    key = text(uses.writes[0][0].args[0])
    own = {c.node.id for c, _ in (*uses.writes, *uses.drops)}
    return any(
        call.node.id not in own and any(text(argument) == key for argument in call.args)
        for clause in module.clauses_with(key.encode())
        for call in clause.calls
    )
