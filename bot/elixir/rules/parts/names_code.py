"""Private functions that make names for modules which are written by code."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.outline import Clause, Function
from bot.elixir.rules.parts.standing import callers_of


def names_code(function: Function) -> bool:
    """Whether only functions use it that write a module down: `quote do defmodule ... end`.

    The names of the functions in that module have to be atoms, and so has its own.
    """
    if function.kind != "defp":
        return False
    users = [caller for caller in callers_of(function) if caller is not function]
    return bool(users) and all(any(map(_writes_a_module, user.clauses)) for user in users)


def _writes_a_module(clause: Clause) -> bool:
    return clause.mentions(b"defmodule") and any(
        nodes.is_call_to(quoted, "quote")
        and any(nodes.is_call_to(n, "defmodule") for n in nodes.of_type(quoted, "call"))
        for quoted in nodes.of_type(clause.node, "call")
    )
