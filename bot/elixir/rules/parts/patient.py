"""Whether a server waits for others while it serves: one that never does answers all in turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.blocking import blocking
from bot.elixir.calls import Call, resolve
from bot.elixir.matching import can_match
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import SERVER_CALLBACKS, callbacks, is_callback, reached
from bot.elixir.ways import ways

Waits = Literal["never", "unseen", "seen"]
"""All it runs is known and waits for nobody; some of it is a library's; it waits, or may."""

_MOST_CLAUSES = 400
_KNOWN = frozenset(
    "Access Application Atom Base Bitwise Date DateTime Duration Enum Exception File Float IO "
    "Inspect Integer Kernel Keyword List Logger Macro Map MapSet NaiveDateTime Node Path Process "
    "Range Regex Stream String System Time Tuple URI Version :atomics :binary :counters :crypto "
    ":erlang :ets :file :filelib :filename :gb_sets :gb_trees :lists :maps :math :ordsets :os "
    ":persistent_term :queue :rand :sets :telemetry :timer :unicode :zlib".split()
)
"""Modules whose functions end by themselves, but for those that `blocking` knows."""
_KNOWN_CALLS = frozenset(
    f":proc_lib.{name}"
    for name in ("get_label", "set_label", "initial_call", "translate_initial_call", "format")
)
_ANSWERS = frozenset({"reply", "cast"})
_CHILDREN = (":which_children", ":count_children")
"""What a supervisor is asked, by OTP's own protocol."""
_WAITS = ("async_stream", "stop", "start_child", "start_link", "terminate_child")
"""How the names of calls begin that wait for a process to start, to work or to end."""
_AWAITS = ("Task.await", "Task.await_many")
_STARTS = ("Task.async", "Task.Supervisor.async", "Task.Supervisor.async_nolink")
_LINKED = ("Task.async", "Task.Supervisor.async")
_DEEPEST = 3
"""How often the caller is handed on, at most."""
_CALLS = ("GenServer.call", "GenStage.call", ":gen_server.call")


def waits(module: Module, project: Project) -> Waits:
    """What is seen of the server's callbacks, and of all functions of the project they run."""
    queue = [step.clause for step in reached(callbacks(module, SERVER_CALLBACKS))]
    seen, known = set(queue), True
    while queue:
        clause = queue.pop(0)
        if clause.mentions(b".("):
            return "seen"
        for call in clause.calls:
            if call.in_quote or call.runs_in:
                continue
            if _waits(call):
                return "seen"
            function = _function(call, project)
            known = known and (function is not None or _is_known(call))
            new = [c for c in _clauses(function) if c not in seen]
            seen.update(new)
            queue += new
        if len(seen) > _MOST_CLAUSES:
            return "unseen"
    return "never" if known else "unseen"


def _waits(call: Call) -> bool:
    """Whether it waits, or calls what only run time knows."""
    if blocking(call) is not None or nodes.is_call_to(call.node, "receive"):
        return True
    if call.name == "apply" or (not call.module and not call.local and _has_parentheses(call)):
        return True
    return call.name.startswith(_WAITS)


def _has_parentheses(call: Call) -> bool:
    """Else it is a field of a map, which the grammar takes for a call."""
    return text(call.node).endswith(")")


def _function(call: Call, project: Project) -> Function | None:
    """The function of another module of the project; its own ones are reached already."""
    facts = project.modules.get(call.module)
    if call.module == call.owner.name or facts is None or facts.role != "lib":
        return None
    if not project.defines(facts, call.name):
        return None
    return project.module(facts.name).local(call.name, call.arity)


def _clauses(function: Function | None) -> Iterator[Clause]:
    if function is not None:
        yield from (step.clause for step in reached([function]))


def _is_known(call: Call) -> bool:
    here = call.module in ("", call.owner.name)
    if here or call.module in _KNOWN or call.full in _KNOWN_CALLS:
        return True
    return call.module == "GenServer" and call.name in _ANSWERS


def asks_a_supervisor(call: Call, clause: Clause) -> bool:
    """Whether the interface of a module that answers as a supervisor does makes the request."""
    module = clause.function.module
    answers = module.functions.get(("handle_call", 3))
    if answers is None or is_callback(clause.function):
        return False
    other = call.args[0].type == "alias" and module.scope.resolve(call.args[0]) != module.name
    return not other and any(text(c.params[0]) in _CHILDREN for c in answers.clauses)


def answered_late(call: Call, module: Module) -> bool:
    """Whether it asks the module's own server, which does not reply to this at once."""
    return any(
        _gives_no_reply(clause) or _hands_on(clause, (0, 1), call.args[1], _DEEPEST)
        for clause in own_answers(call, module)
    )


def ends_the_server(call: Call, module: Module) -> bool:
    """Whether it asks the module's own server to stop: each clause that can answer does so."""
    answers = own_answers(call, module)
    return bool(answers) and all(way.tag == ":stop" for c in answers for way in ways(c))


def _gives_no_reply(clause: Clause) -> bool:
    return clause.mentions(b":noreply") and any(way.tag == ":noreply" for way in ways(clause))


def _hands_on(clause: Clause, places: tuple[int, int], message: Node, depth: int) -> bool:
    """Whether a way ends in an own function that is given the caller and does not reply at once.

    `places` are those of the message and of the caller among the parameters.
    """
    calls = {call.node.id: call for call in clause.calls}
    last = [calls[way.result.id] for way in ways(clause) if way.result.id in calls]
    asked, caller = (_names(clause, place) for place in places)
    if places[0] < 0 or clause.params[places[0]].type != "identifier":
        asked = set()  # only a part of the message has a name
    for call in last:
        given = (_place(call, asked), _place(call, caller))
        if depth == 0 or given[1] < 0:
            continue
        args = [message if at == given[0] else arg for at, arg in enumerate(call.args)]
        for taker in _takers(call, args):
            keeps = bool(_names(taker, given[1])) and _gives_no_reply(taker)
            if keeps or _hands_on(taker, given, message, depth - 1):
                return True
    return False


def _names(clause: Clause, place: int) -> set[str]:
    """What a parameter is called, if it is used."""
    names = nodes.identifiers(clause.params[place]) if place >= 0 else set()
    return {name for name in names if not name.startswith("_")}


def _place(call: Call, names: set[str]) -> int:
    return next((at for at, arg in enumerate(call.args) if text(arg) in names), -1)


def _takers(call: Call, args: list[Node]) -> list[Clause]:
    """Clauses of an own function that can take the arguments."""
    module = call.owner
    own = module.local(call.name, call.arity) if call.module == module.name else None
    if own is None or own.arity != len(args):
        return []
    return [
        clause
        for clause in own.clauses
        if all(can_match(p, arg, module) for p, arg in zip(clause.params, args, strict=True))
    ]


def own_answers(call: Call, module: Module) -> list[Clause]:
    """Where the module's own server is asked, its clauses that can answer; else none."""
    answers = module.functions.get(("handle_call", 3))
    if call.full not in _CALLS or answers is None:
        return []
    asked, message = call.args[0], call.args[1]
    if asked.type == "alias" and module.scope.resolve(asked) != module.name:
        return []
    return [c for c in answers.clauses if can_match(c.params[0], message, module)]


def awaits_bounded_tasks(call: Call, clause: Clause) -> bool:
    """Awaiting tasks that this clause starts, each of which brings its own time limit."""
    if call.full not in _AWAITS:
        return False
    started = [c for c in clause.calls if c.full in _STARTS]
    return bool(started) and all(b"timeout" in (c.node.text or b"") for c in started)


def awaits_own_work(call: Call) -> bool:
    """Awaiting a linked task where it is started: what it does is done in turn, as inline."""
    task = call.args[0] if call.full == "Task.await" else None
    started = resolve(task, call.owner) if task is not None and task.type == "call" else None
    return started is not None and started.full in _LINKED
