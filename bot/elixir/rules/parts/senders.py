"""Who brings what a server keeps: the functions of its module that send it messages."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_callback
from bot.elixir.rules.parts.state_use import Write
from bot.elixir.runners import runs

_SENDS = ("GenServer.call", "GenServer.cast", "Kernel.send", "Process.send_after")


def writers(write: Write) -> set[Function]:
    """The functions of the module by which others write: that of an Agent, or what sends the
    message to a server.
    """
    clause = write.clause
    if not is_callback(clause.function):
        return {clause.function}
    message = clause.params[0]
    parts = message.named_children if message.type == "tuple" else []
    sent = sent_messages(parts, clause.function.module) if parts else ()
    return {client.function for _, client in sent}


def sent_messages(parts: list[Node], module: Module) -> Iterator[tuple[Node, Clause]]:
    """The messages of one shape that the module sends, each with the clause that sends it."""
    for clause in module.clauses_with(b"GenServer.c", b"send(", b"send_after("):
        for call in clause.calls:
            for argument in call.args[1:2] if call.full in _SENDS else ():
                same = argument.type == "tuple" and len(argument.named_children) == len(parts)
                if same and text(argument.named_children[0]) == text(parts[0]):
                    yield argument, clause


def filled_at_start(found: list[Write], project: Project) -> bool:
    """Whether all that is kept is put there by other servers as they start, which have it from
    somewhere else.
    """
    ways = []
    for write in found:
        by = writers(write)
        if not by:
            return False
        ways += [way for writer in by for way in runs(writer, project)]
    return all(way.startup for way in ways) and any(way.server for way in ways)
