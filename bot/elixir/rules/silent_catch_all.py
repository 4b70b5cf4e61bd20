"""A catch-all clause that lets messages vanish which the server itself has asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import takewhile

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.arrivals import DOWN, EXIT, Arrival, arrivals, exit_arrival
from bot.elixir.awaiting import awaited
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.matching import can_match
from bot.elixir.messages import received
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import BUSY, Reached, is_server, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.route import route
from bot.elixir.trapping import trap_flags
from bot.elixir.ways import ways

_RUNNING = BUSY - {("terminate", 2)}
_CRASHES = {DOWN: "{:DOWN, 0, kind, object, {error, stack}}", EXIT: "{:EXIT, 0, {error, stack}}"}
"""A clause for `:normal` alone does not see a crash."""
_STATUS = "{0, {:exit_status, 1}}"
_GIVE_STATUS = ("System.cmd", "System.shell")
"""They give back how the program has ended, before its port's exit comes."""


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every silent catch-all of `handle_info/2`, with what goes into it."""
    catch_all = _catch_all(module, ("handle_info", 2))
    if catch_all is None or not is_server(module):
        return
    span = Span.of(module, catch_all.head)
    if is_platform(module) or is_test_support(module):
        yield Exempt(span, "test-support")
        return
    lost: dict[str, tuple[Arrival, Reached]] = {}
    for arrival, step in _asked_for(module):
        if _is_lost(arrival, catch_all):
            lost.setdefault(arrival.shown, (arrival, step))
    if not lost:
        yield Exempt(span, "nothing-asked-for")
        return
    shown, verb = " and ".join(f"`{x}`" for x in lost), "vanish" if len(lost) > 1 else "vanishes"
    yield Site(
        span,
        f"{shown} {verb} in this catch-all without a trace",
        because=tuple(
            because
            for arrival, step in lost.values()
            for because in (*route(step), _reason(arrival))
        ),
        data={"messages": ", ".join(lost)},
    )


def _reason(arrival: Arrival) -> Because:
    which = "takes one of a crash" if text(arrival.message) in _CRASHES else "takes it"
    note = f"this can bring `{arrival.shown}`, and no clause above the catch-all {which}"
    return Because(Span.of(arrival.call.owner, arrival.call.node), note)


def _catch_all(module: Module, key: tuple[str, int]) -> Clause | None:
    """The clause that takes any message and does nothing about it."""
    function = module.functions.get(key)
    for clause in function.clauses if function is not None else ():
        message = clause.params[0] if len(clause.params) == key[1] else None
        if message is None or message.type != "identifier" or clause.guard is not None:
            continue
        idle = not clause.calls and all(way.tag == ":noreply" for way in ways(clause))
        unread = clause.body is not None and text(message) not in nodes.identifiers(clause.body)
        return clause if idle and unread else None
    return None


def _asked_for(module: Module) -> Iterator[tuple[Arrival, Reached]]:
    traps = next(trap_flags(module), None) is not None
    for step in reached_from_callbacks(module, _RUNNING):
        for call in step.clause.calls:
            if call.runs_in or call.deferred:
                continue
            linked = exit_arrival(call) if traps else None
            for arrival in (*arrivals(call), *((linked,) if linked is not None else ())):
                if _matters(arrival) and not _settled(arrival, step):
                    yield arrival, step


def _matters(arrival: Arrival) -> bool:
    """Whether its loss is one: an end, or what the server sent itself.

    Of nodes, ports and sockets some messages come along unasked; an answer has its task's end.
    """
    return text(arrival.message) in _CRASHES or arrival.own


def _settled(arrival: Arrival, step: Reached) -> bool:
    """Whether the same function waits for the message, or takes the request for it back; or it, or
    one that leads to it, monitors.
    """
    if arrival.call.full.startswith("Task.") and awaited(arrival.call, step.clause):
        return True
    on_the_way = (call.owner.clause_at(call.start) for call in step.path)
    around = [step.clause, *(clause for clause in on_the_way if clause is not None)]
    names = {call.full for clause in around for call in clause.calls}
    if text(arrival.message) == EXIT and names & {"Process.monitor", ":erlang.monitor"}:
        # The monitor tells of the same end.
        return True
    if arrival.call.full in _GIVE_STATUS:
        return True
    return bool(names & {"Process.demonitor", ":erlang.demonitor"})


def _is_lost(arrival: Arrival, catch_all: Clause) -> bool:
    """Whether only the catch-all takes it."""
    module = catch_all.function.module
    clauses = takewhile(lambda clause: clause is not catch_all, catch_all.function.clauses)
    patterns = [clause.params[0] for clause in clauses if clause.params]
    for clause in module.clauses_with(b"receive"):
        patterns += received(clause)
    crash = _CRASHES.get(text(arrival.message))
    messages = [_term(crash) if crash is not None else arrival.message]
    if arrival.call.full == "Port.open" and b":exit_status" in (arrival.call.node.text or b""):
        # The exit says once more what this has told.
        messages.append(_term(_STATUS))
    return not any(can_match(pattern, one, module) for pattern in patterns for one in messages)


@cache
def _term(code: str) -> Node:
    return nodes.parse(code.encode()).root_node.named_children[0]


def _desk(init: str, clauses: str) -> Sample:
    lines = "".join(f"  {line}\n" if line else "\n" for line in clauses.splitlines())
    return Sample(
        "defmodule Shop.Desk do\n  use GenServer\n\n  def init(printer) do\n"
        + "".join(f"    {line}\n" for line in init.splitlines())
        + f"  end\n\n{lines}end\n"
    )


_DROP = "def handle_info(_message, state), do: {:noreply, state}\n"

RULE = Rule(
    id="silent-catch-all",
    title="Catch-all that swallows what was asked for",
    category="messaging",
    stage=4,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A server asks for messages, by a monitor, a task or a link whose exit it traps, and the "
        "only clause of `handle_info/2` that takes them drops everything without a word."
    ),
    harm=(
        "The death of a process that was worth a monitor goes unseen here: what the server keeps "
        "of it stays, its work is not taken up again by this message, and no log tells why."
    ),
    remedy=(
        "Add a clause for each message the server asks for, above the catch-all. Let the "
        "catch-all log what it drops, as the default of `use GenServer` does, or leave it out."
    ),
    triggers=(b"handle_info",),
    check=check,
    bad=(
        _desk("Process.monitor(printer)\n{:ok, printer}", _DROP),
        _desk(
            "Process.flag(:trap_exit, true)\n{:ok, port} = Shop.Port.start_link(printer)\n"
            "{:ok, port}",
            "def handle_info(:flush, state), do: {:noreply, state}\n" + _DROP,
        ),
        _desk(
            "{:ok, printer}",
            """\
def handle_cast({:print, page}, state) do
  Task.Supervisor.async_nolink(Shop.Tasks, fn -> page end)
  {:noreply, state}
end

def handle_info({ref, _page}, state) when is_reference(ref), do: {:noreply, state}
"""
            + _DROP,
        ),
    ),
    good=(
        _desk(
            "Process.monitor(printer)\n{:ok, printer}",
            "def handle_info({:DOWN, _, :process, _, why}, state), do: {:stop, why, state}\n"
            + _DROP,
        ),
        _desk(
            "Process.monitor(printer)\n{:ok, printer}",
            "def handle_info(message, state) do\n  IO.inspect(message)\n  {:noreply, state}\nend\n",
        ),
        _desk("Process.monitor(printer)\n{:ok, printer}", ""),
    ),
    exemptions=(
        Exemption(
            "nothing-asked-for",
            "the server asks for no message that could vanish here",
            _desk("{:ok, printer}", _DROP),
        ),
        Exemption(
            "test-support",
            "a server made for tests, or part of Elixir itself",
            Sample("""\
defmodule Shop.Testing.Sink do
  use GenServer
  def init(pid), do: {:ok, Process.monitor(pid)}
  def handle_info(_message, state), do: {:noreply, state}
end
"""),
        ),
    ),
)
