"""What ties a process that is started by hand to the one that starts it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.finding import Confidence
from bot.elixir.calls import Call
from bot.elixir.facts import StartFacts
from bot.elixir.messages import traps_exits
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.base import Because, Span
from bot.elixir.rules.helper_process import does_one_job, takes_starter
from bot.elixir.rules.normal_end import careless_end, monitors, outlives
from bot.elixir.rules.owners import runs_in_an_owner

_STOPS = (b".stop(", b"Process.exit(", b"terminate_child(")
_LOOKS_FIRST = (b"already_started", b"whereis", b"Registry.lookup", b"is_nil(")


@dataclass(frozen=True)
class Tie:
    """An exemption by its name, or what is to be said of the two."""

    exemption: str = ""
    note: str = ""
    confidence: Confidence = "low"
    more: tuple[Because, ...] = ()


def tie_of(start: StartFacts, clause: Clause, target: Module | None) -> Tie | None:
    """The tie; `None` where whatever process calls the function starts it and lets it go."""
    call = next((c for c in clause.calls if c.start == start.start), None)
    owned = runs_in_an_owner(clause)
    if stops_it(clause):
        return Tie("short-lived")
    if call is not None and target is not None:
        if takes_starter(call, clause) and monitors(target):
            return Tie("watches-owner")
        if not owned and does_one_job(call, clause, target):
            return Tie("one-shot")
    if clause.mentions(*_LOOKS_FIRST):
        return Tie("lazy")
    return _owned(start, call, clause, target) if owned else None


def stops_it(clause: Clause) -> bool:
    """Whether the function that starts it also ends a process."""
    return clause.mentions(*_STOPS)


def is_agent(start: StartFacts, target: Module | None) -> bool:
    """Whether a plain store is started, by itself or behind a module."""
    return start.call.startswith("Agent.") or (target is not None and target.implements("Agent"))


def _owned(start: StartFacts, call: Call | None, clause: Clause, target: Module | None) -> Tie:
    """The tie to a server that keeps what it starts: does the process end with that server?"""
    owner = clause.function.module
    if "start_link" not in start.call:
        return Tie(note=_STAYS, confidence="medium")
    survives = is_agent(start, target) if target is None else outlives(target)
    end = careless_end(owner) if survives else None
    if end is not None:
        where = Because(Span.of(owner, end), "here that server ends with `:normal`")
        return Tie(note=_LEAKS, confidence="medium", more=(where,))
    if call is not None and takes_starter(call, clause):
        return Tie("paired")
    return Tie(note=_LEARNS if traps_exits(owner) else _TOGETHER)


_STAYS = "not even linked to the process that starts it: it stays behind when that one ends"
_LEAKS = (
    "linked to the server that starts it, but it traps no exits: it stays behind when that one "
    "ends with `:normal`"
)
_LEARNS = (
    "linked to the server that starts it: that one traps exits and learns of its crash, and no "
    "supervisor restarts it"
)
_TOGETHER = (
    "linked to the process that starts it: a crash of either ends both, and no supervisor "
    "restarts it alone"
)
