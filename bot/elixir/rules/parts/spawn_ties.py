"""What ties a spawned process to others: whoever calls its start, or the one that it watches."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.awaiting import hands_on_pid, returned
from bot.elixir.calls import Call, calls_in, resolve
from bot.elixir.messages import handles, received
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function
from bot.elixir.project import Project
from bot.elixir.rules.parts.standing import callers_of
from bot.elixir.ways import ways

_STARTER_NAMES = frozenset({"parent", "caller", "owner"})
"""What parameters that hold the starting process are called."""
_MONITORS = ("Process.monitor", ":erlang.monitor")


def is_start_function(call: Call, clause: Clause) -> bool:
    """Whether a supervisor can call it: by its name, or by what it starts and returns."""
    name = clause.function.name
    if name in ("start_link", "start_monitor"):
        return True
    return (
        name.startswith("start")
        and (returned(call, clause) or hands_on_pid(call, clause))
        and any(way.tag == ":ok" for way in ways(clause))
    )


def is_tied_to_caller(call: Call, clause: Clause, project: Project) -> bool:
    """The spawned function itself monitors the process that started it, and ends with it."""
    if _runs_a_watcher(call, project):
        return True
    own = [c for c in clause.calls if nodes.contains(call.node, c.node)]
    watched = {text(c.args[-1]) for c in own if c.full in _MONITORS and c.args}
    if not watched:
        return False
    callers = {
        text(left)
        for n in clause.body_bindings("=")
        if (left := n.child_by_field_name("left")) is not None
        and left.type == "identifier"
        and nodes.text_of(n, "right").startswith("self")
    }
    tied = any(
        name in callers
        or name.rpartition("_")[2] in _STARTER_NAMES
        or _is_given_starter(name, clause)
        for name in watched
    )
    return tied and (any(c.name == "receive" for c in own) or any(map(_takes_ends, own)))


def _runs_a_watcher(call: Call, project: Project) -> bool:
    """Whether it spawns a function by name and gives it `self()`, which that watches."""
    module, shape = call.owner, [arg.type for arg in call.args]
    if shape[1:] != ["atom", "list"]:
        return False
    owner, name = text(call.args[0]), text(call.args[1]).removeprefix(":")
    given = [text(c) for c in call.args[2].named_children if c.type != "comment"]
    place = next((at for at, arg in enumerate(given) if arg == "self()"), -1)
    if place < 0:
        return False
    named = module.name if owner == "__MODULE__" else module.scope.resolve(call.args[0])
    if named != module.name:
        if named not in project.modules:
            return False
        module = project.module(named)
    run = module.functions.get((name, len(given)))
    return run is not None and all(_watches(each, place) for each in run.clauses)


def _watches(clause: Clause, place: int) -> bool:
    """Whether it monitors the process it is given there, and takes the end of it."""
    monitors = any(
        c.full in _MONITORS and c.args and text(c.args[-1]) == text(clause.params[place])
        for c in clause.calls
        if not c.runs_in
    )
    taken = any(":DOWN" in text(pattern) for pattern in received(clause))
    return monitors and (taken or any(map(_takes_ends, clause.calls)))


def _takes_ends(call: Call) -> bool:
    """Whether it calls an own function that takes the end of a watched process as a message."""
    own = call.owner.local(call.name, call.arity) if call.module == call.owner.name else None
    return own is not None and any(
        ":DOWN" in text(pattern) for clause in own.clauses for pattern in received(clause)
    )


def _is_given_starter(name: str, clause: Clause) -> bool:
    """Whether it is a parameter of a private function whose callers all give `self()`."""
    function, module = clause.function, clause.function.module
    place = next((i for i, p in enumerate(clause.params) if text(p) == name), -1)
    if function.public or place < 0 or function.min_arity != function.arity:
        return False
    given = [
        call.args[place]
        for c in module.clauses_with(function.name.encode())
        for call in c.calls
        if call.module == module.name
        and (call.name, call.arity) == (function.name, function.arity)
        and len(call.args) > place
    ]
    return bool(given) and all(text(argument).startswith("self") for argument in given)


def waits_for_its_word(call: Call, clause: Clause) -> bool:
    """Whether a start function waits until the process that it spawns says that it is there, as
    `:proc_lib` does, and hands on its pid.
    """
    match = next((n for n in nodes.ancestors(call.node) if nodes.operator(n) == "="), None)
    if match is None or not clause.function.name.startswith("start"):
        return False
    pid = nodes.text_of(match, "left")
    return any(
        nodes.operator(pin) == "^" and nodes.text_of(pin, "operand") == pid
        for pattern in received(clause)
        for pin in nodes.of_type(pattern, "unary_operator")
    )


def has_option(call: Call, option: str) -> bool:
    """Whether a spawn links or monitors what it starts, by its name or by its options."""
    if call.name.endswith(f"_{option}"):
        return True
    return bool(call.args) and call.args[-1].type == "list" and f":{option}" in text(call.args[-1])


def is_monitored(call: Call, clause: Clause) -> bool:
    """Whether its starter is told of its end."""
    monitored = has_option(call, "monitor") or any(
        c.full in _MONITORS and not nodes.contains(call.node, c.node) for c in clause.calls
    )
    monitored = monitored or _callers_monitor(call, clause)
    return monitored and (has_option(call, "link") or handles(clause.function.module, ":DOWN"))


def _callers_monitor(call: Call, clause: Clause) -> bool:
    """Whether a private function ends with the start, and all that call it monitor a process."""
    own, last = clause.function, clause.statements()[-1:]
    if own.kind != "defp" or not any(nodes.contains(node, call.node) for node in last):
        return False
    callers = [each for each in callers_of(own) if each is not own]
    return bool(callers) and all(
        any(c.full in _MONITORS for found in each.clauses for c in found.calls) for each in callers
    )


def receives_after(call: Call, clause: Clause) -> bool:
    """Whether its starter goes on to take messages, as it does that waits for an answer."""
    return any(
        _receives(c, clause)
        for c in clause.calls
        if c.start >= call.node.end_byte and not c.runs_in
    )


def _receives(call: Call, clause: Clause) -> bool:
    """Whether it is a `receive`, or calls an own function that holds one."""
    if call.local and call.name == "receive":
        return True
    own = call.owner.local(call.name, call.arity) if call.module == call.owner.name else None
    return own is not None and own is not clause.function and any(map(_holds_receive, own.clauses))


def _holds_receive(clause: Clause) -> bool:
    return any(c.local and c.name == "receive" and not c.runs_in for c in clause.calls)


def is_sink(call: Call) -> bool:
    """Whether what runs is an own function that takes any message, and only begins anew."""
    run = _run_function(call)
    return run is not None and bool(run.clauses) and all(_drops_all(each) for each in run.clauses)


def _run_function(call: Call) -> Function | None:
    """The own function that is all the work of the process."""
    given = call.args[0] if call.args else None
    if given is None:
        return None
    if given.type != "anonymous_function":
        named = [c for c in calls_in(given, call.owner) if c.captured]
    else:
        stabs = nodes.clauses(given)
        body = nodes.statements(nodes.clause_body(stabs[0])) if len(stabs) == 1 else []
        only = body[0] if len(body) == 1 and body[0].type == "call" else None
        made = resolve(only, call.owner) if only is not None else None
        named = [made] if made is not None else []
    if len(named) != 1 or named[0].module != call.owner.name:
        return None
    return call.owner.local(named[0].name, named[0].arity)


def _drops_all(clause: Clause) -> bool:
    """Whether it is one `receive` of whatever comes, and goes on with the same function."""
    waits = clause.statements()
    if len(waits) != 1 or not nodes.is_call_to(waits[0], "receive"):
        return False
    stabs = nodes.clauses(nodes.do_block(waits[0]))
    return len(stabs) == 1 and all(
        [text(p)[:1] for p in nodes.clause_patterns(stab)] == ["_"] and _begins_anew(stab, clause)
        for stab in stabs
    )


def _begins_anew(stab: Node, clause: Clause) -> bool:
    body = nodes.statements(nodes.clause_body(stab))
    made = resolve(body[0], clause.function.module) if len(body) == 1 else None
    return made is not None and (made.name, made.arity) == (
        clause.function.name,
        clause.function.arity,
    )
