"""Endless waits that are right, or are told of elsewhere: one call at a time."""

from __future__ import annotations

from bot.elixir.calls import Call
from bot.elixir.context import is_benchmark, is_command_line, is_platform
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, callbacks, is_callback, is_server, reached
from bot.elixir.rules.parts.patient import (
    answered_late,
    asks_a_supervisor,
    awaits_bounded_tasks,
    awaits_own_work,
    ends_the_server,
)
from bot.elixir.rules.parts.report import reports_back
from bot.elixir.rules.parts.stated_reasons import stated_above, stated_beside

POSITIONS = {
    "GenServer.call": 2, "GenStage.call": 2, ":gen_server.call": 2, ":gen_statem.call": 2,
    "GenStateMachine.call": 2,
    "Agent.get": 2, "Agent.update": 2, "Agent.get_and_update": 2, "Task.await": 1,
    "Task.await_many": 1,
    ":gen_server.wait_response": 1, ":gen_server.receive_response": 1, ":erpc.call": 4,
    ":rpc.call": 4,
    "GenServer.multi_call": 3,
}  # fmt: skip
"""Where each waiting call takes its timeout, counted from 0."""

_TASKS = ("Task.await", "Task.await_many")
"""Of what they await nobody knows which server it is."""


def excuse(call: Call, clause: Clause, project: Project) -> str:
    """The exemption for a call without a limit; empty where there is none."""
    module, limit = clause.function.module, call.args[POSITIONS[call.full]]
    app = project.app_of(module.source.path)
    if is_platform(module):
        return "platform"
    if module.name.startswith("Mix.") or is_command_line(clause):
        return "mix-task"
    if app is not None and app.only_escript:
        return "escript"
    if is_benchmark(module):
        return "benchmark"
    if stated_beside(call, clause) or stated_above(clause, limit):
        return "stated-reason"
    if awaits_bounded_tasks(call, clause):
        return "bounded-inside"
    if awaits_own_work(call) and _only_continues(clause):
        return "continue"
    if asks_a_supervisor(call, clause):
        return "supervisor"
    if ends_the_server(call, module):
        return "stop"
    if reports_back(call, clause):
        return "reports-back"
    return "late-reply" if answered_late(call, module) else ""


def _only_continues(clause: Clause) -> bool:
    """Whether `handle_continue/2` runs it, and nothing else: itself, or a private function that no
    other callback leads to.
    """
    module, function = clause.function.module, clause.function
    if not is_server(module) or (function.public and not is_callback(function)):
        return False
    around = {
        origin.label
        for origin in callbacks(module, BUSY)
        if any(step.clause is clause for step in reached([origin]))
    }
    return around == {"handle_continue/2"}


def server_asked(call: Call) -> str:
    """Which server is asked, as it is written; empty of a variable, which may hold any, and of
    what is awaited.
    """
    asked = call.args[0]
    named = (asked.type != "identifier" or text(asked) == "__MODULE__") and call.full not in _TASKS
    return f"{call.full} {text(asked)}" if named else ""
