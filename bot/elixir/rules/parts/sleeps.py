"""Sleeps of a test file."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.loose import loose_calls_to
from bot.elixir.outline import Function, Module

_SLEEPS = frozenset({"Process.sleep", ":timer.sleep"})


def sleeps_of(module: Module) -> Iterator[tuple[Call, Function | None]]:
    """Every sleep of the module, each once, with the function that it stands in."""
    for call in loose_calls_to(module, b"sleep"):
        known = module.clause_at(call.start) is not None
        if call.full in _SLEEPS and call.args and not call.in_quote and not known:
            yield call, None
    for clause in module.clauses_with(b"sleep("):
        for call in clause.calls:
            if call.full in _SLEEPS and call.args and not call.in_quote:
                yield call, clause.function
