"""Slow or remote work in `terminate`, which a shutdown cuts short."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.blocking import WEIGHTS, Blocking, by_clause
from bot.elixir.clean_up import terminate_of
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.reach import Reached, is_server, reached
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.decided import is_ruled_out
from bot.elixir.rules.parts.endless_excuses import POSITIONS
from bot.elixir.rules.parts.other_waits import not_its_own
from bot.elixir.rules.parts.route import also, route
from bot.elixir.trapping import trap_flags

_SHUTDOWN = 5_000
"""Milliseconds a supervisor gives a worker by default."""


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every blocking call that `terminate` makes, itself or through the module's own functions."""
    terminate = terminate_of(module)
    if terminate is None or not is_server(module):
        return
    for group in by_clause(reached([terminate])):
        left = [pair for pair in group if not is_ruled_out(pair[0].call, pair[1])]
        if left:
            yield _judge(left, module)


def _judge(group: list[tuple[Blocking, Reached]], module: Module) -> Site | Exempt:
    waits, step = min(group, key=lambda pair: WEIGHTS.index(pair[0].kind))
    span = Span.of(module, waits.call.node)
    exemption = _exemption(waits, module)
    if exemption:
        return Exempt(span, exemption)
    outlasts = waits.endless or (_time(waits) or 0) > _SHUTDOWN
    return Site(
        span,
        f"`{step.origin.label}` blocks on {waits.title}: `{waits.call.full}`",
        because=(
            *route(step),
            Because(span, _note(waits)),
            *(
                Because(
                    Span.of(module, flag.node),
                    "exits are trapped, so a supervisor's shutdown runs it",
                )
                for flag, _ in list(trap_flags(module))[:1]
            ),
            *also(group, waits),
        ),
        severity=None if outlasts else "info",
        confidence="high" if outlasts else "low",
        data={"call": waits.call.full, "kind": waits.kind},
    )


def _exemption(waits: Blocking, module: Module) -> str:
    apart = not_its_own(waits, module)
    if apart:
        return apart
    if next(trap_flags(module), None) is None:
        return "no-trap"
    if _given_time(module):
        return "given-time"
    time = _time(waits)
    return "short" if time is not None and time <= _SHUTDOWN // 2 else ""


def _note(waits: Blocking) -> str:
    if waits.endless:
        return "it has no time limit; a supervisor that stops it kills it after its shutdown time"
    return "a supervisor that stops it gives it 5 s by default, and then kills it"


def _given_time(module: Module) -> bool:
    """Whether the module's child specification says how long a shutdown may take."""
    if any("shutdown" in use.options for use in module.uses):
        return True
    spec = module.functions.get(("child_spec", 1))
    return spec is not None and any(
        "shutdown" in nodes.keyword_pairs(found)
        for clause in spec.clauses
        for found in nodes.of_type(clause.node, "map", "keywords")
    )


def _time(waits: Blocking) -> int | None:
    """The milliseconds it may take, where they are written there."""
    position = 0 if waits.kind == "sleep" else POSITIONS.get(waits.call.full)
    if position is None or len(waits.call.args) <= position:
        return None
    given = text(waits.call.args[position]).replace("_", "")
    return int(given) if given.isdecimal() else None


def _cache(end: str, init: str = "Process.flag(:trap_exit, true)", use: str = "") -> Sample:
    return Sample(
        f"defmodule Shop.Cart do\n  use GenServer{use}\n\n  def init(id) do\n    {init}\n"
        "    {:ok, %{id: id}}\n  end\n\n"
        "  def handle_info({:EXIT, _pid, reason}, state), do: {:stop, reason, state}\n\n"
        "  def terminate(_reason, state) do\n"
        + "".join(f"    {line}\n" for line in end.splitlines())
        + "  end\nend\n"
    )


RULE = Rule(
    id="blocking-terminate",
    title="Blocking terminate",
    category="blocking",
    stage=3,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A server that traps exits waits in `terminate` for a query, a request, a sleep or "
        "another process."
    ),
    harm=(
        "A supervisor gives a worker five seconds to end, unless its child specification says "
        "more, and then kills it. Work that takes longer is cut off wherever it is. Children are "
        "stopped one after another, last one first: each that takes long makes a deploy or the "
        "restart of a group longer, and a process asked in `terminate` can be gone already."
    ),
    remedy=(
        "Write what must not be lost when it changes, so that little is left to do at the end. "
        "Bound the wait, and let `shutdown:` in the child specification allow for it."
    ),
    triggers=(b"terminate",),
    check=check,
    bad=(
        _cache("Shop.Repo.insert!(state)"),
        _cache("GenServer.call(Shop.Ledger, {:close, state.id}, :infinity)"),
        _cache("leave(state)\nend\n\ndefp leave(_state) do\n  Process.sleep(10_000)"),
    ),
    good=(
        _cache("GenServer.cast(Shop.Ledger, {:closed, state.id})"),
        _cache('File.rm("carts/#{state.id}")'),
        Sample("""\
defmodule Shop.Hook do
  def terminate(_reason, state), do: Shop.Repo.insert!(state)
end
"""),
    ),
    exemptions=(
        Exemption(
            "no-trap",
            "exits are not trapped: a shutdown does not run it at all",
            _cache("Shop.Repo.insert!(state)", init="id"),
        ),
        Exemption(
            "given-time",
            "the child specification says how long a shutdown may take",
            _cache("Shop.Repo.insert!(state)", use=", shutdown: 30_000"),
        ),
        Exemption(
            "short",
            "it says itself that it waits no longer than half the time a shutdown gives",
            _cache("GenServer.call(Shop.Ledger, {:close, state.id}, 1_000)"),
        ),
        Exemption(
            "other-process",
            "another process does the work, and this one does not wait for it",
            _cache("spawn(fn -> Shop.Repo.insert!(state) end)"),
        ),
        Exemption(
            "test-support",
            "a server made for tests",
            Sample("""\
defmodule Shop.Testing.Slow do
  use GenServer
  def init(state), do: {:ok, state}
  def terminate(_reason, _state), do: Process.sleep(200)
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, which knows how long it is given",
            Sample(
                """\
defmodule Logger.Drain do
  use GenServer
  def init(state), do: {:ok, state}
  def terminate(_reason, _state), do: Process.sleep(200)
end
""",
                path="lib/logger/lib/logger/drain.ex",
            ),
        ),
    ),
)
