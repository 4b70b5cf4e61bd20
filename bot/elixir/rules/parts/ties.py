"""What ties a process that is started by hand to the one that starts it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.finding import Confidence
from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.facts import StartFacts
from bot.elixir.messages import handles, received
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import reached_from_callbacks
from bot.elixir.rules.base import Because, Span
from bot.elixir.rules.parts.helper_process import (
    asks_by_name,
    does_one_job,
    start_takes_starter,
    takes_starter,
)
from bot.elixir.rules.parts.normal_end import careless_end, ends_it, monitors, outlives, own_end
from bot.elixir.rules.parts.owners import runs_in_an_owner
from bot.elixir.timers import run_by
from bot.elixir.trapping import is_trap_flag, trap_flags
from bot.elixir.waiting import is_tuple_of
from bot.elixir.ways import ways

_STOPS = (b".stop(", b"Process.exit(", b"terminate_child(")
_LOOKS_FIRST = (b"already_started", b"whereis", b"Registry.lookup", b"is_nil(")


@dataclass(frozen=True)
class Tie:
    """An exemption by its name, or what is to be said of the two."""

    exemption: str = ""
    note: str = ""
    confidence: Confidence = "low"
    more: tuple[Because, ...] = ()


def tie_of(
    start: StartFacts,
    clause: Clause,
    target: Module | None,
    restarted: bool,
    callers: Sequence[Clause] = (),
) -> Tie | None:
    """The tie; `None` where whatever process calls the function starts it and lets it go.

    `restarted`: a supervisor starts the module anew in which the call stands. `callers`: all
    clauses that call the function, where the process that runs it is not seen in its own module.
    """
    call = next((c for c in clause.calls if c.start == start.start), None)
    owned = runs_in_an_owner(clause)
    if stops_it(clause):
        return Tie("short-lived")
    if call is not None and target is not None:
        if takes_starter(call, clause) and monitors(target):
            return Tie("watches-owner")
        if not owned and does_one_job(call, clause, target):
            return Tie("one-shot")
    if clause.mentions(*_LOOKS_FIRST) or (call is not None and asks_by_name(call, clause)):
        return Tie("lazy")
    if not owned and "start_link" in start.call and _waits_for_exits(clause, start.start):
        return Tie("answers-for-it")
    owners = [clause] if owned else callers if all(map(runs_in_an_owner, callers)) else ()
    found = [_owned(start, call, clause, target, restarted, owner) for owner in owners]
    return next((tie for tie in found if not tie.exemption), found[0] if found else None)


def stops_it(clause: Clause) -> bool:
    """Whether the function that starts it also ends a process."""
    return clause.mentions(*_STOPS)


def _waits_for_exits(clause: Clause, place: int) -> bool:
    """Whether it traps exits before the place, and after it takes those that come as messages."""
    if not any(is_trap_flag(c) and not c.runs_in and c.start < place for c in clause.calls):
        return False
    after = [c for c in clause.calls if c.start > place and not c.runs_in]
    own = (c.owner.local(c.name, c.arity) for c in after if c.module == c.owner.name)
    waiting = [clause, *(inner for function in own if function for inner in function.clauses)]
    patterns = (pattern for inner in waiting for pattern in received(inner))
    return any(is_tuple_of(n, ":EXIT") for p in patterns for n in nodes.of_type(p, "tuple"))


def is_agent(start: StartFacts, target: Module | None) -> bool:
    """Whether a plain store is started, by itself or behind a module."""
    return start.call.startswith("Agent.") or (target is not None and target.implements("Agent"))


def _owned(
    start: StartFacts,
    call: Call | None,
    clause: Clause,
    target: Module | None,
    restarted: bool,
    runner: Clause,
) -> Tie:
    """The tie to a server that keeps what it starts: does the process end with that server?

    `runner`: the clause of that server, which is not `clause` where it calls another module's.
    """
    owner = runner.function.module
    if "start_link" not in start.call:
        if target is not None and _ends(owner, target):
            return Tie(note=_UNTIL_TOLD)
        return Tie(note=_STAYS, confidence="medium")
    survives = is_agent(start, target) if target is None else outlives(target)
    # By another callback of the same behaviour the owner may end it.
    unseen = any(_may_run(other, clause) for other in runner.calls)
    end = careless_end(owner, target) if survives and not unseen else None
    if end is not None:
        where = Because(Span.of(owner, end), "here that server ends with `:normal`")
        return Tie(note=_LEAKS, confidence="medium", more=(where,))
    if call is not None and _is_given_starter(call, clause, target):
        return Tie("paired")
    if next(trap_flags(owner), None) is not None:
        if any(_acts(taker, start, clause) for taker in _takers_of_exits(owner)):
            return Tie("answers-for-it")
        return Tie(note=_LEARNS if handles(owner, ":EXIT") else _IS_TOLD)
    lasts = target is not None and own_end(target) is None
    if restarted and lasts and _as_it_starts(runner):
        return Tie("restarted-together")
    return Tie(note=_TOGETHER)


def _is_given_starter(call: Call, clause: Clause, target: Module | None) -> bool:
    own = target is not None and start_takes_starter(call, target)
    return own or takes_starter(call, clause)


def _ends(owner: Module, target: Module) -> bool:
    """Whether a callback of the owner ends a process of the module by its interface."""
    steps = reached_from_callbacks(owner)
    return any(ends_it(call, target) for step in steps for call in step.clause.calls)


def _takers_of_exits(owner: Module) -> Iterator[Clause]:
    """The clauses of its callbacks that take the exit of a linked process."""
    for key, position in ((("handle_info", 2), 0), (("handle_event", 4), 1)):
        function = owner.functions.get(key)
        for clause in function.clauses if function is not None else ():
            tuples = nodes.of_type(clause.params[position], "tuple")
            if any(is_tuple_of(found, ":EXIT") for found in tuples):
                yield clause


def _acts(taker: Clause, start: StartFacts, starter: Clause) -> bool:
    """Whether it ends the server too, or makes the same start again."""
    return any(
        any(way.stops for way in ways(clause))
        or any(c.full == start.call or _may_run(c, starter) for c in clause.calls)
        for clause in run_by(taker)
    )


def _may_run(call: Call, starter: Clause) -> bool:
    """Whether it runs the function that makes the start, of a module that only run time knows."""
    function = starter.function
    return (
        call.name == function.name
        and call.arity == function.arity
        and bool(call.receiver)
        and not call.module
        and function.module.name != call.owner.name
    )


def _as_it_starts(clause: Clause) -> bool:
    steps = reached_from_callbacks(clause.function.module, _AT_START)
    return any(step.clause is clause for step in steps)


_AT_START = (("init", 1), ("handle_continue", 2))
_UNTIL_TOLD = "not linked to the server that starts it: a crash of that one does not end it"
_IS_TOLD = (
    "linked to the server that starts it: that one traps exits, so that a crash is only a message "
    "there, and no supervisor restarts it"
)
_STAYS = (
    "started without a link: where nothing stops it, it stays behind when the process that starts "
    "it ends"
)
_LEAKS = (
    "linked to the server that starts it, but it traps no exits: it stays behind when that one "
    "ends with `:normal`"
)
_LEARNS = (
    "linked to the server that starts it: that one traps exits and learns of its crash, and no "
    "supervisor restarts it"
)
_TOGETHER = (
    "linked to the process that starts it, which is not seen to trap exits: a crash of either "
    "ends both, and no supervisor restarts it alone"
)
