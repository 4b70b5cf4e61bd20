"""What is said of a handler that takes anything."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.handlers import Handler, Kind
from bot.elixir.module import Module
from bot.elixir.rules.parts.given_back import always_ok
from bot.elixir.rules.parts.unused import unused

_TAKEN: dict[Kind, str] = {
    "rescue": "exception", "catch": "crash", "exit": "exit", "error": "error"
}  # fmt: skip


def message(handler: Handler, module: Module, learned: bool) -> str:
    """What it takes, and what it does then; `learned`: somebody is told of it."""
    does = "swallows"
    if learned:
        does = "goes on after" if _is_of_no_value(handler, module) else "turns"
    end = " into a value" if does == "turns" else ""
    return f"`{handler.pattern} ->` {does} every {_TAKEN[handler.kind]}{end}"


def _is_of_no_value(handler: Handler, module: Module) -> bool:
    """Whether nobody takes the value of its `try`, or it has the one that there always is."""
    around = next((a for a in nodes.ancestors(handler.node) if nodes.is_call_to(a, "try")), None)
    if around is not None:
        return unused(around, module)
    clause = module.clause_at(handler.node.start_byte)
    return clause is not None and always_ok(clause)


def note(handler: Handler, learned: bool, in_callback: bool) -> str:
    """Why that matters."""
    if in_callback:
        return "the server goes on, although what this code was to do may be done in part only"
    if learned and handler.kind == "exit":
        return "an exit for any reason is taken here like one that this code expects"
    if learned:
        return "a programming error is taken here like any failure that this code expects"
    return "what went wrong is neither in the answer nor handed to anything here"


def also(handler: Handler) -> str:
    """What another handler of the same code takes."""
    return f"this one takes every {_TAKEN[handler.kind]}, for the same code"
