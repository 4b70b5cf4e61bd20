"""Whether a helper of tests only ever runs in processes that its callers start."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.awaiting import AWAITS
from bot.elixir.calls import Call, calls_in
from bot.elixir.loose import loose_calls
from bot.elixir.nodes import text
from bot.elixir.outline import Function
from bot.elixir.rules.parts.standing import above

_HOLDERS = ("def", "defp", "test", "property", "setup", "setup_all")


def runs_elsewhere(function: Function) -> str:
    """Whether all its callers in the module start it in a process of its own: the exemption."""
    module = function.module
    inside = module.clauses_with(function.name.encode())
    others = [c for clause in inside if clause.function is not function for c in clause.calls]
    calls = [
        c
        for c in (*others, *loose_calls(module))
        if c.module == module.name and module.local(c.name, c.arity) is function
    ]
    if any(not c.runs_in and not c.captured for c in calls):
        return ""
    waits = [wait for c in calls if c.runs_in.startswith("Task.") for wait in _waits_around(c)]
    if waits:
        endless = any(text(arg) == ":infinity" for wait in waits for arg in wait.args)
        return "" if endless else "awaited"
    passed = f":{function.name}".encode() in module.source.data
    return "worker" if calls or passed else ""


def _waits_around(call: Call) -> list[Call]:
    """Waits for tasks in the function or the test that holds the call."""
    around = next((a for a in above(call) if nodes.is_call_to(a, *_HOLDERS)), None)
    found = calls_in(around, call.owner) if around is not None else []
    return [c for c in found if c.full in AWAITS]
