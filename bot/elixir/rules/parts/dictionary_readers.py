"""Who reads a process's dictionary by another way than by the key: asking for all of it, from a
process's children, or by what a drop gives back.
"""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.dictionary import gives_old_value, key_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.results import results
from bot.elixir.rules.parts.again import is_call_of
from bot.elixir.rules.parts.standing import callers_of
from bot.elixir.rules.parts.unused import unused


def inspects(module: Module) -> bool:
    """Whether the module reads the dictionary of another process, asked for alone or with all."""
    return any(
        call.full in ("Process.info", ":erlang.process_info")
        and ":dictionary" in {text(n) for n in nodes.of_type(_asked(call), "atom")}
        for clause in module.clauses_with(b":dictionary")
        for call in clause.calls
    )


def is_inherited(key: str, module: Module) -> bool:
    """Whether the module looks for the key in the processes that started its own, too."""
    return any(
        call.full == "ProcessTree.get" and bool(call.args) and key_of(call.args[0], module) == key
        for clause in module.clauses_with(b"ProcessTree")
        for call in clause.calls
    )


def _asked(call: Call) -> Node:
    """What is asked for: an argument, or what is read from the whole."""
    around = call.node.parent
    whole = len(call.args) == 1 and around is not None and around.type == "access_call"
    return around if whole and around is not None else call.node


def gives_dropped(drop: Call, clause: Clause) -> bool:
    """Whether the value that a drop gives back is used: there, or by an own caller of a function
    that answers with it.
    """
    around, function = drop.node.parent, clause.function
    if gives_old_value(drop) or (around is not None and around.type == "arguments"):
        return True
    return any(result.id == drop.node.id for result in results(clause)) and any(
        is_call_of(call, function) and not unused(call.node, function.module)
        for caller in callers_of(function)
        for calling in caller.clauses
        for call in calling.calls
    )
