"""What is said of a task without a supervisor: message, evidence and weight."""

from __future__ import annotations

from bot.core.finding import Severity
from bot.elixir.awaiting import hands_on_pid
from bot.elixir.calls import Call
from bot.elixir.messages import handles_task_reply
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.reach import is_callback, is_server, runs_in_server
from bot.elixir.rules.parts.init_job import belongs_in_child_list, lets_go_at_the_end
from bot.elixir.rules.parts.job import only_waits_and_tells, unknown
from bot.elixir.rules.parts.stated_reasons import says_why_elsewhere
from bot.elixir.trapping import trap_flags


def _started(call: Call, clause: Clause) -> tuple[str, str, Severity | None]:
    what = "`Task.start` starts a process that no supervisor knows"
    if belongs_in_child_list(clause):
        note = (
            "no child of this supervisor: it runs when that one starts, and a crash is only logged"
        )
        return what, note, "info"
    if hands_on_pid(call, clause) and not is_callback(clause.function):
        note = "its pid goes to the caller, who only learns of a crash by a link or a monitor to it"
        return what, note, "info"
    if only_waits_and_tells(call):
        note = "its work is to pause and to tell or let go: little can be lost if it ends early"
        return what, note, "info"
    return what, unknown(call, clause), "info" if says_why_elsewhere(call) else None


def _linked(call: Call, clause: Clause) -> tuple[str, str, Severity | None]:
    where = "this server" if runs_in_server(clause) else "its caller"
    crash = _LET_GO if lets_go_at_the_end(call, clause) else _crash(clause)
    return (
        "`Task.start_link` outside a supervisor",
        f"linked to {where}: {crash}, and no supervisor restarts the task",
        "info",
    )


_LET_GO = "the task takes the link away as it ends, so that only a monitor tells of a crash"


def _crash(clause: Clause) -> str:
    """What the process that starts a linked task has of its crash."""
    module = clause.function.module
    if runs_in_server(clause) and next(trap_flags(module), None) is not None:
        return "a crash of the task is a message to it"
    return "a crash of the task ends it too unless it traps exits"


def _async(_: Call, clause: Clause) -> tuple[str, str, Severity | None]:
    module = clause.function.module
    where = "server" if runs_in_server(clause) else "process"
    if handles_task_reply(module) and (where == "server" or not is_server(module)):
        note = f"the {where} takes the reply, yet stays linked: {_crash(clause)}"
        return f"`Task.async` links the task to this {where}", note, "info"
    if where == "server":
        note = f"no clause here expects the reply; the server is linked to it, and {_crash(clause)}"
        return "`Task.async` in a server that awaits none", note, None
    if any("live_component" in text(u.node) or "LiveComponent" in u.name for u in module.uses):
        # The component runs in its view's process, and the view may take the reply.
        note = "the reply goes to the view this component lives in, and so does the exit of a crash"
        return "`Task.async` links the task to the component's view", note, "info"
    note = f"nothing here asks its starter for the result, and {_crash(clause)}"
    return "`Task.async` whose result nobody here awaits", note, None


VERDICTS = {"start": _started, "start_link": _linked, "async": _async}
