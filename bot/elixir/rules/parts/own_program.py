"""Ports that run a program which the application itself brings along."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause

_OWN_DIRECTORY = re.compile(r"\b(?:app_dir|priv_dir)\b")
_READS = re.compile(
    r":(?:binary|in|exit_status|stderr_to_stdout)\b|\b(?:packet|line):|:(?:packet|line|stream)\b"
)
"""Options of somebody who wants to read what the program prints."""


def runs_own_program(start: Call, clause: Clause) -> bool:
    """Whether it runs a file of the application's own directory, and asks for no output of it."""
    if len(start.args) < 2 or _READS.search(text(start.args[1])) is not None:
        return False
    return any(_OWN_DIRECTORY.search(text(node)) for node in _made_of(start.args[0], clause))


def _made_of(command: Node, clause: Clause) -> list[Node]:
    """The command, and what its variables were set to."""
    names = nodes.of_type(command, "identifier")
    values = (value_of(Expression(name, clause)) for name in names)
    return [command, *(value.node for value in values if value is not None)]
