"""Processes that are started and let go: what they wait for stops nobody else."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.rules.parts.standing import above

_LET_GO = frozenset(
    {
        "Kernel.spawn", "Kernel.spawn_link", "Kernel.spawn_monitor", ":erlang.spawn",
        ":erlang.spawn_link", ":erlang.spawn_monitor", ":proc_lib.spawn", ":proc_lib.spawn_link",
        "Process.spawn", "Task.start", "Task.start_link", "Task.Supervisor.start_child",
    }
)  # fmt: skip
"""Starts of processes whose result nobody waits for."""


def let_go(call: Call) -> str:
    """What starts the process that makes the call, where nobody waits for that; else empty."""
    return call.runs_in if call.runs_in in _LET_GO else ""


def reports_back(call: Call, clause: Clause) -> bool:
    """Whether a process that was let go asks, as its last act, the one that started it."""
    job = next((a for a in above(call) if a.type == "anonymous_function"), None)
    stabs = nodes.clauses(job)
    if job is None or len(stabs) != 1 or not let_go(call) or not call.args:
        return False
    holder = job.parent.parent if job.parent is not None else None
    starter = resolve(holder, call.owner) if holder is not None and holder.type == "call" else None
    last = nodes.statements(nodes.clause_body(stabs[0]))[-1:]
    if starter is None or starter.full not in _LET_GO or call.statement not in last:
        return False
    name = text(call.args[0])
    bound = [m for m in clause.bindings("=") if nodes.text_of(m, "left") == name]
    return bool(bound) and all(
        nodes.text_of(match, "right") in ("self()", "self") and match.end_byte < job.start_byte
        for match in bound
    )


def who_waits(call: Call) -> str:
    """Whose process makes the call, in words."""
    start = call.runs_in.removeprefix("Kernel.")
    return f"the process that `{start}` starts here" if start else "whoever runs this"
