"""Waits of a callback that keep nobody from anything, or that are no waits."""

from __future__ import annotations

from bot.elixir.blocking import Blocking, before_halt, entry_of
from bot.elixir.messages import handles_task_reply
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import Reached
from bot.elixir.rules.parts.callback_waits import answers_calls, takes_requests
from bot.elixir.rules.parts.only_request import only_request
from bot.elixir.rules.parts.other_waits import is_no_database, not_its_own
from bot.elixir.rules.parts.own_requests import casts_only_to_itself
from bot.elixir.rules.parts.pool_workers import is_pool_worker
from bot.elixir.rules.parts.stated_reasons import stated_on_the_way
from bot.elixir.ways import always_stops, hands_on

_STAGE_WORK = ("handle_events", "handle_demand")


def excuse(waits: Blocking, step: Reached, module: Module, project: Project) -> str:
    """The exemption for a wait of a callback; empty where there is none."""
    return _in_itself(waits, step, module) or _other_callers(waits, step, module, project)


def _in_itself(waits: Blocking, step: Reached, module: Module) -> str:
    apart = not_its_own(waits, module)
    if apart:
        return apart
    if _asks_itself(waits, module):
        return "itself"
    if _takes_late_result(waits, module):
        return "late-result"
    if before_halt(waits):
        return "ending"
    if step.origin.name == "handle_continue" or _is_internal(waits, step):
        return "continue"
    if step.origin.name in _STAGE_WORK:
        return "stage-work"
    if not takes_requests(module):
        return "no-clients"
    if _is_last_work(waits, step):
        return "last-work"
    return "own-task" if _own_task(waits) and not answers_calls(module) else ""


def _other_callers(waits: Blocking, step: Reached, module: Module, project: Project) -> str:
    """Why nobody else waits meanwhile, or what it waits for is no wait; what needs a look at other
    modules.
    """
    if is_pool_worker(module, project):
        return "pool-worker"
    if is_no_database(waits, project):
        return "own-repo"
    if not answers_calls(module) and casts_only_to_itself(module, project):
        return "no-clients"
    if stated_on_the_way((*step.path, waits.call)):
        return "stated-reason"
    return only_request(waits, step, module, project)


def _own_task(waits: Blocking) -> bool:
    return waits.kind == "task" and not waits.endless


def _asks_itself(waits: Blocking, module: Module) -> bool:
    if waits.kind != "process" or not waits.call.args:
        return False
    asked = waits.call.args[0]
    return text(asked) in ("__MODULE__", "self()") or (
        asked.type == "alias" and module.scope.resolve(asked) == module.name
    )


def _takes_late_result(waits: Blocking, module: Module) -> bool:
    """Whether it yields for a given time, and later takes the result as a message."""
    limited = waits.call.full == "Task.yield" and waits.call.arity > 1 and not waits.endless
    return limited and handles_task_reply(module)


def _is_last_work(waits: Blocking, step: Reached) -> bool:
    """Whether the server ends with what this is done for, in the callback's own clause, or in a
    function that gives the callback its value.
    """
    for call in (*step.path, waits.call):
        clause = call.owner.clause_at(call.start)
        if clause is None or always_stops(clause, call.node):
            return clause is not None
        if not hands_on(clause, call.node):
            return False
    return False


def _is_internal(waits: Blocking, step: Reached) -> bool:
    """Whether it answers an event that a state machine put before all others itself."""
    clause = entry_of(waits.call, step)
    return step.origin.label == "handle_event/4" and text(clause.params[0]) == ":internal"
