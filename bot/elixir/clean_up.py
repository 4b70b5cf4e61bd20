"""What a server's `terminate` does: report, release what ends anyway, or clean up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bot.elixir.calls import Call
from bot.elixir.module import Function, Module
from bot.elixir.reach import Reached, reached

Effect = Literal["reports", "ends-anyway", "cleans"]
"""Tells of the end; releases what ends with the process anyway; changes what outlives it."""

_MACHINES = (":gen_statem", "GenStateMachine")


def terminate_of(module: Module) -> Function | None:
    """The callback that OTP runs when the server ends: `terminate/2`, `/3` of a state machine."""
    machine = any(module.implements(name) for name in _MACHINES)
    return module.functions.get(("terminate", 3 if machine else 2))


def done_at_end(module: Module) -> Iterator[tuple[Effect, Call, Reached]]:
    """Calls reached from `terminate` that have an effect, and which one."""
    terminate = terminate_of(module)
    for step in reached([terminate] if terminate is not None else []):
        for call in step.clause.calls:
            effect = _effect(call, module)
            if effect is not None:
                yield effect, call, step


def _effect(call: Call, module: Module) -> Effect | None:
    if call.captured or call.in_quote or not call.module or call.module == module.name:
        return None
    if call.module == ":ets":
        if call.name not in _TABLE_WRITES:
            return None
        return "ends-anyway" if _owns_table(module) else "cleans"
    if call.full in _ENDS_ANYWAY:
        return "ends-anyway"
    if call.full in _EMITS or call.module.rpartition(".")[2] in _REPORTERS:
        return "reports"
    if call.full in ("Kernel.send", ":erlang.send"):
        return "cleans"
    if call.module in _PURE or call.name in _QUESTIONS or call.name.endswith("?"):
        return None
    return "cleans"


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

_QUESTIONS = frozenset(
    "get fetch fetch! lookup whereis new to_string inspect self name key".split()
)
"""Functions that by their name only look something up."""
