"""Which messages a module takes out of its mailbox, in `handle_info` and in `receive`."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text

COWBOY_LOOP = ":cowboy_loop"
"""The behaviour of a request's own process, which `c:info/3` gives its messages."""


def taken(module: Module) -> Iterator[Node]:
    """Patterns of all messages the module handles, in callbacks and in `receive` blocks."""
    keys = [("handle_info", 2), ("handle_event", 4)]
    keys += [("info", 3)] if module.implements(COWBOY_LOOP) else []
    for key in keys:
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            yield clause.params[0 if key[0] != "handle_event" else 1]
    for clause in module.clauses_with(b"receive"):
        yield from received(clause)


def received(clause: Clause) -> Iterator[Node]:
    """Patterns of the `receive` blocks in a clause."""
    for call in clause.calls:
        if call.name == "receive" and call.local:
            for stab in nodes.clauses(nodes.do_block(call.node)):
                yield from nodes.clause_patterns(stab)


def handles(module: Module, tag: str) -> bool:
    """Whether the module takes messages tagged `tag` (`:DOWN`, `:EXIT`) out of its mailbox."""
    return any(tag in text(pattern) for pattern in taken(module))


def handles_task_reply(module: Module) -> bool:
    """Whether the module takes `{ref, result}`, the answer of a task, out of its mailbox."""
    return any(is_reply(pattern) for pattern in taken(module))


def is_reply(pattern: Node) -> bool:
    """Whether the pattern has the form of a task's answer: `{ref, result}`."""
    if nodes.operator(pattern) == "=":
        left, right = pattern.child_by_field_name("left"), pattern.child_by_field_name("right")
        return any(side is not None and is_reply(side) for side in (left, right))
    if pattern.type != "tuple" or len(pattern.named_children) != 2:
        return False
    first = pattern.named_children[0]
    return first.type == "identifier" or nodes.operator(first) == "^"


def traps_exits(module: Module) -> bool:
    """Whether the module sets `:trap_exit` and takes `:EXIT` messages."""
    flags = (
        call
        for clause in module.clauses_with(b"trap_exit")
        for call in clause.calls
        if call.full in ("Process.flag", ":erlang.process_flag") and len(call.args) > 1
        # In a function for another process it is that one which traps exits.
        if not call.runs_in
    )
    return any(text(c.args[-1]) == "true" for c in flags) and handles(module, ":EXIT")


def tells_exits_apart(module: Module) -> bool:
    """Whether it takes `:EXIT` messages of a process that it knows, or looks which one it was."""
    return any(
        tag == ":EXIT" and not text(pid).startswith("_")
        for pattern in taken(module)
        for found in nodes.of_type(pattern, "tuple")
        if len(found.named_children) == 3
        for tag, pid in [(text(found.named_children[0]), found.named_children[1])]
    )
