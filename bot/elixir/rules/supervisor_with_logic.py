"""Work that can block or fail in the code that starts a supervision tree."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.finding import Confidence, Severity
from bot.elixir import nodes
from bot.elixir.blocking import WEIGHTS, Blocking, before_halt, by_clause
from bot.elixir.calls import Call
from bot.elixir.context import ends_system, is_platform, is_test_support
from bot.elixir.outline import Module
from bot.elixir.reach import Reached, reached
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.pause import milliseconds, rounds_of
from bot.elixir.rules.parts.route import also, route

_SUPERVISORS = ("Supervisor", "DynamicSupervisor")
_WAITS = "the whole boot waits for it"
_RAISES = frozenset(
    f"File.{name}!"
    for name in ("read", "write", "mkdir", "mkdir_p", "rm", "cp", "stream", "ls", "open", "stat")
)


def check(module: Module) -> Iterator[Site | Exempt]:
    """What blocks in an application's `start/2`, and what raises in a supervisor's `init/1`."""
    if is_platform(module):
        return
    start = module.functions.get(("start", 2))
    if start is not None and module.implements("Application"):
        for group in by_clause(reached([start])):
            yield _blocks(group, module)
    init = module.functions.get(("init", 1))
    if init is not None and any(module.implements(name) for name in _SUPERVISORS):
        for step in reached([init]):
            for call in step.clause.calls:
                if call.full in _RAISES and not (call.runs_in or call.deferred or call.in_quote):
                    yield _raises(call, step, module)


def _blocks(group: list[tuple[Blocking, Reached]], module: Module) -> Site | Exempt:
    waits, step = min(group, key=lambda pair: WEIGHTS.index(pair[0].kind))
    span = Span.of(module, waits.call.node)
    if is_test_support(module):
        return Exempt(span, "test-support")
    if waits.call.runs_in:
        return Exempt(span, "other-process")
    if before_halt(waits):
        return Exempt(span, "ending")
    if _is_requirement(waits):
        return Exempt(span, "requirement")
    severity, confidence = _weight(waits)
    return Site(
        span,
        f"the application's `start/2` waits for {waits.title}: `{waits.call.full}`",
        because=(
            *route(step),
            Because(span, _told(waits, step)),
            *also(group, waits),
        ),
        severity=severity,
        confidence=confidence,
        data={"call": waits.call.full, "kind": waits.kind},
    )


def _told(waits: Blocking, step: Reached) -> str:
    if waits.kind != "sleep":
        return f"{_WAITS}, and no supervisor is there to try again where it fails"
    given = waits.call.args
    time = milliseconds(given[0], step.clause.function.module) if given else None
    rounds = rounds_of(step)
    parts = [f"{time} ms"] if time is not None else []
    if rounds is not None and rounds.tries is not None:
        parts.append(f"up to {rounds.tries} times")
    said = f"{_WAITS}{', each time round' if rounds is not None else ''}"
    said += f": {', '.join(parts)}" if parts else ""
    gives_up = "; if that is in vain, the application does not start"
    return said + (gives_up if rounds is not None and rounds.fails else "")


def _weight(waits: Blocking) -> tuple[Severity | None, Confidence | None]:
    if waits.kind in ("process", "task", "program") and not waits.endless:
        return "info", "low"
    return None, None


def _is_requirement(waits: Blocking) -> bool:
    """Whether a program is only run to refuse to start where it is missing or fails."""
    if waits.kind == "program" and _raises_again(waits):
        return True
    match = waits.call.statement.parent
    case = match.parent if match is not None and match.type == "arguments" else None
    if waits.kind != "program" or case is None or not nodes.is_call_to(case, "case"):
        return False
    bodies = [nodes.clause_body(stab) for stab in nodes.clauses(nodes.do_block(case))]
    return any(
        nodes.is_call_to(statement, "raise") or ends_system(statement)
        for body in bodies
        for statement in nodes.statements(body)[-1:]
    )


def _raises_again(waits: Blocking) -> bool:
    """Whether a `try` around it turns whatever fails there into an error of its own."""
    around = nodes.ancestors(waits.call.node)
    attempt = next((a for a in around if nodes.is_call_to(a, "try")), None)
    block = nodes.do_block(attempt) if attempt is not None else None
    handlers = nodes.of_type(block, "rescue_block", "catch_block") if block is not None else []
    return any(
        all(pattern.type == "identifier" for pattern in nodes.clause_patterns(stab))
        and nodes.is_call_to(statement, "raise", "reraise")
        for handler in handlers
        if not nodes.contains(handler, waits.call.node)
        for stab in nodes.clauses(handler)
        for statement in nodes.statements(nodes.clause_body(stab))[-1:]
    )


def _raises(call: Call, step: Reached, module: Module) -> Site:
    return Site(
        Span.of(module, call.node),
        f"the supervisor's `init/1` raises where a file is not as it should be: `{call.full}`",
        because=(
            *route(step),
            Because(
                Span.of(module, call.node),
                "where it raises, neither the first start nor a restart of this branch succeeds",
            ),
        ),
        severity="info",
        data={"call": call.full, "kind": "file"},
    )


RULE = Rule(
    id="supervisor-with-logic",
    title="Work in the code that starts the tree",
    category="supervision",
    stage=1,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "An application's `start/2` or a supervisor's `init/1` does work of its own that can "
        "block or fail: a query, a request, a file that has to be there."
    ),
    harm=(
        "Supervisors mend what runs below them, not what builds them. A slow or failing "
        "dependency at that moment keeps the application from booting, and a restart of the "
        "branch runs into the same."
    ),
    remedy=(
        "Let these functions only say what to start. Put the work into a child: a task for one "
        "job, a server that loads in `handle_continue/2` and tries again for what may fail."
    ),
    triggers=(b"Application", b"Supervisor"),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    rates = Req.get!("https://rates.example/")
    Supervisor.start_link([{Shop.Rates, rates}], strategy: :one_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    {:ok, pid} = Supervisor.start_link([Shop.Repo], strategy: :one_for_one)
    seed()
    {:ok, pid}
  end

  defp seed, do: Shop.Repo.insert_all(Shop.Item, [])
end
"""),
        Sample("""\
defmodule Shop.Desks do
  use Supervisor

  def init(path) do
    names = path |> File.read!() |> String.split()
    Supervisor.init(Enum.map(names, &{Shop.Desk, &1}), strategy: :one_for_one)
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    :telemetry.attach("shop", [:shop, :sold], &Shop.Log.sold/4, nil)
    Supervisor.start_link([Shop.Repo, Shop.Rates], strategy: :one_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Race do
  def start(a, b), do: Shop.Repo.all({a, b})
end
"""),
    ),
    exemptions=(
        Exemption(
            "requirement",
            "a program is run to see that it is there: without it the application is not to start",
            Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    case System.cmd("scanner", ["--version"]) do
      {_, 0} -> :ok
      _ -> raise "the scanner is missing"
    end

    Supervisor.start_link([], strategy: :one_for_one)
  end
end
"""),
        ),
        Exemption(
            "other-process",
            "a task does the work; the start goes on",
            Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    result = Supervisor.start_link([Shop.Repo], strategy: :one_for_one)
    Task.start(fn -> Shop.Repo.insert_all(Shop.Item, []) end)
    result
  end
end
"""),
        ),
        Exemption(
            "ending",
            "the system stops right after; the sleep lets the last message out",
            Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    IO.puts("no licence")
    Process.sleep(500)
    System.halt(1)
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests slows nobody's boot",
            Sample("""\
defmodule Shop.Testing.Application do
  use Application

  def start(_type, _args) do
    Process.sleep(100)
    Supervisor.start_link([], strategy: :one_for_one)
  end
end
"""),
        ),
    ),
)
