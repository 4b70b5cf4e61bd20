"""What a server's `terminate` does: report, release what ends anyway, or clean up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.elixir.calls import Call
from bot.elixir.module import Clause, Function, Module
from bot.elixir.nodes import text
from bot.elixir.reach import BUSY, Reached, reached, reached_by, reached_from_callbacks

Effect = Literal["cleans", "tells", "ends-anyway", "reports"]
"""Changes what outlives the process; tells other processes of the end; releases what ends with it
anyway; logs the end."""

STRONGEST: tuple[Effect, ...] = ("cleans", "tells", "ends-anyway", "reports")

LookUp = Callable[[Call], Function | None]
"""The function of the project that a call of another module reaches."""

_MACHINES = (":gen_statem", "GenStateMachine")
_DEPTH = 3
"""Modules away that an effect is looked for."""


@dataclass(frozen=True, eq=False)
class Done:
    """A call reached from `terminate` that has an effect."""

    effect: Effect
    call: Call
    step: Reached
    source: Call
    """The call with the effect: the call itself, or one inside the function it reaches."""


def terminate_of(module: Module) -> Function | None:
    """The callback that OTP runs when the server ends: `terminate/2`, `/3` of a state machine."""
    machine = any(module.implements(name) for name in _MACHINES)
    return module.functions.get(("terminate", 3 if machine else 2))


def done_at_end(module: Module, look_up: LookUp) -> Iterator[Done]:
    """Calls reached from `terminate` that have an effect, and which one."""
    terminate = terminate_of(module)
    seen: set[Clause] = set()
    for step in reached([terminate] if terminate is not None else []):
        for call in step.clause.calls:
            found = _strongest(_effects(call, look_up, seen, _DEPTH))
            if found is not None and _stops_linked(found[1], module, look_up):
                yield Done("ends-anyway", call, step, found[1])
            elif found is not None:
                yield Done(found[0], call, step, found[1])


def _stops_linked(end: Call, module: Module, look_up: LookUp) -> bool:
    """Whether it stops a process that a link ends with the server.

    What stops any server may stop each that is started with a link; what a module offers to stop
    its own, those that the server starts by it.
    """
    started = (c for step in reached_from_callbacks(module, BUSY) for c in step.clause.calls)
    if end.full in _STOPS:
        return any(call.name == "start_link" for call in started)
    if end.name not in _STOP_NAMES or not end.module:
        return False
    return any(_starts_linked(call, end.module, look_up) for call in started)


def _starts_linked(call: Call, name: str, look_up: LookUp) -> bool:
    """Whether it starts a process of the module with a link, itself or in another module."""
    if call.runs_in or call.module in ("", call.owner.name):
        return False
    if call.name == "start_link":
        return call.module == name
    function = look_up(call)
    steps = reached_by(call, function) if function is not None else ()
    full = f"{name}.start_link"
    return any(c.full == full and not c.runs_in for step in steps for c in step.clause.calls)


def _strongest(found: Iterable[tuple[Effect, Call]]) -> tuple[Effect, Call] | None:
    """The strongest of some effects, the first of its kind."""
    return min(found, key=lambda pair: STRONGEST.index(pair[0]), default=None)


def _effects(
    call: Call, look_up: LookUp, seen: set[Clause], depth: int
) -> Iterator[tuple[Effect, Call]]:
    """What a call does, or the function of the project that it reaches; each looked at once."""
    if call.captured or call.in_quote or not call.module or call.module == call.owner.name:
        return
    function = look_up(call) if depth else None
    if function is None:
        effect = _known_effect(call)
        if effect is not None:
            yield effect, call
        return
    for step in reached_by(call, function):
        new = step.clause not in seen
        seen.add(step.clause)
        for inner in step.clause.calls if new else ():
            yield from _effects(inner, look_up, seen, depth - 1)


def _known_effect(call: Call) -> Effect | None:
    if call.module == ":ets":
        if call.name not in _TABLE_WRITES:
            return None
        return "ends-anyway" if _owns_table(call.owner) else "cleans"
    if call.full in _EMITS or call.module.rpartition(".")[2] in _REPORTERS:
        return "reports"
    if call.full in _ENDS_ANYWAY or (_CLOSES.match(call.name) and call.module not in _PURE):
        return "ends-anyway"
    if call.full in _SENDS and call.args and text(call.args[0]) == "self()":
        return None
    if call.full in _SENDS or _TELLS.match(call.name):
        return "tells"
    # Another call takes what it built: `put_header(request, x) |> send()` sends there.
    builds = call.name.startswith(("put_", "set_")) and call.next_in_pipe is not None
    guessed = call.module not in _PURE and _CHANGES.match(call.name) and not builds
    return "cleans" if guessed else None


def _owns_table(module: Module) -> bool:
    creators = module.clauses_with(b":ets.new")
    return any(call.full == ":ets.new" for clause in creators for call in clause.calls)


_TABLE_WRITES = frozenset(
    "delete delete_all_objects insert insert_new match_delete select_delete take tab2file "
    "update_counter update_element".split()
)

_PURE = frozenset(
    "Access Atom Base Bitwise Date DateTime Enum Exception Float Inspect Integer Kernel Keyword "
    "List Map MapSet NaiveDateTime Range Regex Stream String Time Tuple URI Version System "
    "Macro Process :binary :lists :maps :queue :erlang :gb_trees :gb_sets :math :os :timer".split()
)
"""Modules whose functions leave nothing behind."""

_REPORTERS = frozenset(
    "Logger Telemetry Tracer OpenTelemetry Metrics Sentry Appsignal PromEx IO".split()
)
"""Last parts of the names of modules that only tell of something."""

_SENDS = frozenset({"Kernel.send", ":erlang.send"})

_EMITS = frozenset({":telemetry.execute", ":telemetry.span", ":logger.log"})

_ENDS_ANYWAY = frozenset(
    """
    Process.cancel_timer Process.demonitor Process.unlink Process.unregister Process.delete
    Process.put
    :erlang.cancel_timer :erlang.demonitor :erlang.unregister :erlang.unlink
    Port.close :erlang.port_close :gen_tcp.close :gen_tcp.shutdown :gen_udp.close :ssl.close
    :inet.close :socket.close :gen_sctp.close :inet_socket.close File.close :file.close :dets.close
    Registry.unregister Registry.unregister_match :pg.leave :global.unregister_name
    :syn.leave :syn.unregister Phoenix.PubSub.unsubscribe Phoenix.Tracker.untrack
    Mint.HTTP.close Mint.HTTP1.close Mint.HTTP2.close :net_kernel.monitor_nodes
    """.split()
)
"""What the runtime, or a monitor of the process, does itself when the process is gone."""

_CLOSES = re.compile(r"close(?:_|\b)|disconnect")
"""A socket, a file or a connection closes with the process that has opened it."""

_TELLS = re.compile(r"(?:publish|broadcast|notify|dispatch)(?:_|!|\b)")

_STOPS = frozenset({"GenServer.stop", "Supervisor.stop", "DynamicSupervisor.stop", "Agent.stop"})

_STOP_NAMES = frozenset({"stop", "terminate", "shutdown"})

_CHANGES = re.compile(
    r"(?:rm|rmdir|rm_rf|remove|delete|destroy|drop|write|append|insert|upsert|update|save|store|put"
    r"|persist|flush|sync|release|stop|terminate|shutdown|detach|unsubscribe|unregister|deregister"
    r"|untrack|cast|call|multi_call|abcast|post|patch|request|kill|clean"
    r"|cleanup|clear|purge|rename|cp|mkdir|reset|restore|disable|abort|leave|cmd)(?:_|!|\b)"
)
"""How functions are named that change something."""
