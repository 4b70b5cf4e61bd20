"""Slow or remote work in `init/1`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.finding import Confidence, FixKind, Severity
from bot.elixir.blocking import WEIGHTS, Blocking, before_halt, by_clause
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import Reached, is_server, reached, reached_from_callbacks
from bot.elixir.results import results
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.filled_stores import Fill, fills, is_read_by_others
from bot.elixir.rules.parts.other_waits import is_no_database, not_its_own
from bot.elixir.rules.parts.route import also, route
from bot.elixir.rules.parts.start_chain import Chain, chain_of, further
from bot.elixir.starters import Starters, starters_of

_SUPERVISORS = ("Supervisor", "DynamicSupervisor")
_BARRIER = (
    "here it fills what others read without asking this server: what starts later may rely on it"
)
_NO_CONTINUE = (
    "a supervisor has no `handle_continue/2`: the work can go to who starts it, or to a child that "
    "starts the others"
)


def starts(project: Project) -> list[str]:
    """Files with a module that has `init/1`."""
    found = {f.path: None for f in project.facts if f.role == "lib" and f.has("init", 1)}
    return list(found)


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every blocking call that `init/1` makes, itself or through the module's own functions."""
    for module in project.modules_in(path):
        if is_server(module) or any(module.implements(name) for name in _SUPERVISORS):
            for group in by_clause(reached_from_callbacks(module, [("init", 1)])):
                yield _judge(group, project)


def _judge(group: list[tuple[Blocking, Reached]], project: Project) -> Site | Exempt:
    waits, step = min(group, key=lambda pair: (_backs_off(pair[0]), WEIGHTS.index(pair[0].kind)))
    module = step.clause.function.module
    exemption = _exemption(waits, step) or ("own-repo" if is_no_database(waits, project) else "")
    if exemption:
        return Exempt(Span.of(module, waits.call.node), exemption)
    starters = starters_of(project.modules[module.name], project)
    chain, filled = chain_of(starters, project), _filled(step, project)
    by_hand = starters.only_by_hand and not chain.supervised
    severity, confidence = _weight(waits, step, filled, by_hand=by_hand)
    return Site(
        Span.of(module, waits.call.node),
        f"`init/1` blocks on {waits.title}: `{waits.call.full}`",
        because=(
            *route(step),
            *_who_waits(waits, module, starters, chain),
            *_who_reads(filled),
            *also(group, waits),
        ),
        severity=severity,
        confidence=confidence,
        fix=_fix(waits, step, starters, filled),
        data={"call": waits.call.full, "kind": waits.kind},
    )


def _exemption(waits: Blocking, step: Reached) -> str:
    module = step.clause.function.module
    apart = not_its_own(waits, module)
    if apart:
        return apart
    if before_halt(waits):
        return "ending"
    return "one-job" if _never_serves(step) else ""


def _who_waits(
    waits: Blocking, module: Module, starters: Starters, chain: Chain
) -> Iterator[Because]:
    span = Span.of(module, waits.call.node)
    if _backs_off(waits):
        yield Because(span, "only where it gives up: it delays the next start")
    if starters.only_by_hand:
        yield Because(span, "whoever starts it waits for its end")
        path, start, end = starters.by_hand[0]
        yield Because(
            Span(path, start, end), "this starts it; no list of children is seen to name it"
        )
        yield from further(chain)
    elif starters.on_demand and not starters.listed:
        yield Because(
            span, "its supervisor, and everybody who asks that one for a child, waits for its end"
        )
    else:
        yield Because(
            span,
            "whoever starts it waits for its end: a supervisor starts no other child meanwhile",
        )
    if _is_supervisor(module):
        yield Because(span, _NO_CONTINUE)


def _backs_off(waits: Blocking) -> bool:
    """Whether it sleeps right before it gives up its start, so that the next comes later."""
    after = waits.call.statement.next_named_sibling if waits.kind == "sleep" else None
    parts = after.named_children if after is not None and after.type == "tuple" else []
    return bool(parts) and text(parts[0]) == ":stop"


def _is_supervisor(module: Module) -> bool:
    return any(map(module.implements, _SUPERVISORS)) and not is_server(module)


@dataclass(frozen=True, eq=False)
class _Filled:
    """What the start fills that all processes can see."""

    any: bool = False
    read: Fill | None = None
    """The first that code outside of the server reads."""


def _filled(step: Reached, project: Project) -> _Filled:
    server = step.origin.module
    found = fills(reached([step.origin]), project)
    read = next((fill for fill in found if is_read_by_others(fill, server, project)), None)
    return _Filled(bool(found), read)


def _who_reads(filled: _Filled) -> Iterator[Because]:
    if filled.read is not None:
        call = filled.read.call
        yield Because(Span.of(call.owner, call.node), _BARRIER)


def _never_serves(step: Reached) -> bool:
    """Whether `init/1` ends in `:ignore` and never in `{:ok, ...}`: it does a job and is gone."""
    values = [text(node) for clause in step.origin.clauses for node in results(clause)]
    return ":ignore" in values and not any(value.startswith("{:ok") for value in values)


def _weight(
    waits: Blocking, step: Reached, filled: _Filled, *, by_hand: bool
) -> tuple[Severity | None, Confidence | None]:
    if (filled.read is not None or by_hand) and not waits.endless:
        # What starts later, or whoever starts it, may rely on the work being done.
        return "info", "medium"
    if _backs_off(waits):
        return "info", "medium"
    if _is_supervisor(step.origin.module) and not waits.endless:
        # What it reads may be its children, and it has nothing to do before it has them.
        return "info", "medium"
    if waits.kind in ("process", "task", "remote-node") and not waits.endless:
        # Bounded, and often wanted: what this server needs must be there before it is.
        return "info", "medium"
    return None, "medium" if waits.kind in ("network", "process") else None


def _fix(waits: Blocking, step: Reached, starters: Starters, filled: _Filled) -> FixKind | None:
    """Moving the work is only safe where init can neither refuse nor ignore its start, and where
    nobody relies on what it leaves behind.
    """
    if filled.read is not None:
        return "advice"
    refuses = any(clause.mentions(b":stop", b":ignore") for clause in step.origin.clauses)
    plain = waits.kind in ("database", "http", "program", "sleep") and not step.path
    alone = not filled.any and not starters.only_by_hand
    safe = plain and not refuses and alone
    return None if safe and step.clause.function.module.use("GenServer") else "assisted"


RULE = Rule(
    id="blocking-init",
    title="Blocking init",
    category="blocking",
    stage=1,
    severity="warning",
    confidence="high",
    fix="automatic",
    explanation="`init/1` does slow or remote work: a query, a request, a program, a sleep.",
    harm=(
        "`start_link` returns only when `init/1` does. Until then the supervisor starts no "
        "further child and can "
        "restart none; a slow or failing dependency can keep the application from booting at all."
    ),
    remedy=(
        "Return `{:ok, state, {:continue, :load}}` and do the work in `handle_continue/2`. A "
        "failure there is a crash after the start, no longer a refused start: decide whether that "
        "is right. What others read without asking this server, as a named table, is then not yet "
        "there when the next child starts: create it empty in `init/1`, and let its readers cope "
        "with a miss. A supervisor has no `handle_continue/2`: let who starts it bring what it "
        "needs, or give the work to a child that starts the others under a `DynamicSupervisor`."
    ),
    triggers=(b"init(",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Rates do
  use GenServer

  def init(currency) do
    {:ok, %{currency: currency, rate: Req.get!("https://rates.example/" <> currency)}}
  end
end
"""),
        Sample("""\
defmodule Shop.Catalog do
  use GenServer
  alias Shop.{Repo, Product}

  def init(opts), do: {:ok, load(opts)}

  defp load(_opts), do: Product |> Repo.all() |> Map.new(&{&1.id, &1})
end
"""),
        Sample("""\
defmodule Retry do
  use GenServer

  def init(state) do
    :timer.sleep(5_000)
    {:ok, state}
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Catalog do
  use GenServer
  alias Shop.{Repo, Product}

  def init(opts), do: {:ok, opts, {:continue, :load}}
  def handle_continue(:load, _opts), do: {:noreply, Repo.all(Product)}
end
"""),
        Sample("""\
defmodule Shop.Names do
  use GenServer

  def init(repo), do: {:ok, Shop.RepoNames.get(repo)}
  def all, do: Shop.Repo.all(Shop.Name)
end
"""),
        Sample("""\
defmodule Gate do
  @behaviour Plug

  def init(opts), do: Shop.Repo.get!(Shop.Gate, opts)
  def call(conn, _gate), do: conn
end
"""),
    ),
    exemptions=(
        Exemption(
            "other-process",
            "the work is done by a task; `init/1` returns at once",
            Sample("""\
defmodule Rates do
  use GenServer

  def init(url) do
    server = self()
    Task.Supervisor.start_child(Rates.Tasks, fn -> send(server, {:rate, Req.get!(url)}) end)
    {:ok, nil}
  end
end
"""),
        ),
        Exemption(
            "own-repo",
            "the project's own module of that name uses no Ecto",
            Sample(
                files={
                    "lib/repo.ex": """\
defmodule Shop.Repo do
  def all(table), do: :ets.tab2list(table)
end
""",
                    "lib/stock.ex": """\
defmodule Shop.Stock do
  use GenServer

  def init(table), do: {:ok, Shop.Repo.all(table)}
end
""",
                }
            ),
        ),
        Exemption(
            "one-job",
            "it never becomes a server: whoever starts it wants to wait for the job, once per name",
            Sample("""\
defmodule Shop.Migrate do
  use GenServer

  def init(tenant) do
    case Shop.Repo.query("CALL migrate($1)", [tenant]) do
      {:ok, _} -> :ignore
      {:error, reason} -> {:stop, reason}
    end
  end
end
"""),
        ),
        Exemption(
            "ending",
            "the system stops right after; the sleep lets the last message out",
            Sample("""\
defmodule Boot do
  use GenServer

  def init(%{valid?: false}) do
    IO.puts("bad configuration")
    Process.sleep(500)
    System.halt(1)
  end

  def init(opts), do: {:ok, opts}
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests slows nobody's boot",
            Sample("""\
defmodule Shop.Testing.SlowServer do
  use GenServer

  def init(milliseconds) do
    Process.sleep(milliseconds)
    {:ok, nil}
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, started by the tool it is part of",
            Sample(
                """\
defmodule Mix.Shellout do
  use GenServer

  def init(command), do: {:ok, System.cmd(command, [])}
end
""",
                path="lib/mix/lib/mix/shellout.ex",
            ),
        ),
    ),
)
