"""A process of the project that is started by hand, outside every supervisor."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.finding import Confidence, FixKind, Severity
from bot.elixir.context import is_test_support
from bot.elixir.facts import ModuleFacts, StartFacts
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.by_behaviour import behaviour_of, runners_of
from bot.elixir.rules.parts.handed_on import HANDED_ON, is_handed_on
from bot.elixir.rules.parts.start_places import (
    clause_of_start,
    clauses_starting,
    fix_at_boot,
    is_specified,
    is_the_root,
    watches_the_tree,
)
from bot.elixir.rules.parts.ties import is_agent, stops_it, tie_of
from bot.elixir.starters import RAW_STARTS, is_linked, is_restarted, starts_a_server


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every call that starts one of the project's own servers, unless a start function makes it."""
    for facts in project.facts:
        if facts.role != "lib":
            continue
        for start in facts.starts:
            if starts_a_server(start, project):
                yield from _judge(start, facts, project)


def _judge(start: StartFacts, facts: ModuleFacts, project: Project) -> Iterator[Site | Exempt]:
    span = Span(start.path, start.start, start.end)
    app = project.app_of(start.path)
    at_boot = app is not None and facts.name == app.callback and start.function == "start/2"
    if start.function.startswith(("start", "child_spec/")) and not at_boot:
        yield from _own_start(start, facts, project, span)
    elif start.function == "":
        return
    elif facts.name.startswith("Mix.") or facts.implements("Mix.Task"):
        yield Exempt(span, "mix-task")
    elif is_test_support(facts):
        yield Exempt(span, "test-support")
    elif app is not None and not app.deployable:
        yield Exempt(span, "library")
    elif at_boot and not is_linked(start, project) and not is_the_root(start, project):
        yield _site(start, span, "info", "medium", "advice", _BESIDE)
    elif at_boot and watches_the_tree(start, project):
        yield Exempt(span, "watches-tree")
    elif at_boot:
        note = _AS_ROOT if is_the_root(start, project) else _AT_BOOT
        yield _site(start, span, "warning", "high", fix_at_boot(start, facts, project), note)
    else:
        yield _in_a_function(start, facts, span, project)


_AS_ROOT = (
    "it is the application's root process: its crash ends the application, nothing restarts it"
)
_BESIDE = "started without a link, beside the supervision tree: no supervisor learns of its end"
_AT_BOOT = "linked to the process that boots the application, beside the supervision tree"


def _own_start(
    start: StartFacts, facts: ModuleFacts, project: Project, span: Span
) -> Iterator[Site | Exempt]:
    """`start/n` of a module that has no `start_link`: it cannot be a supervisor's child."""
    unlinked = start.call in RAW_STARTS and start.call.endswith(".start")
    if (
        not unlinked
        or not start.function.startswith("start/")
        or start.target not in ("", facts.name)
    ):
        return
    if facts.has("start_link") or facts.name in project.child_modules:
        return
    if callers := clauses_starting(f"{facts.name}.start", project):
        # What becomes of the process is told there.
        if all(c is not None and stops_it(c) for c in callers):
            yield Exempt(span, "short-lived")
        return
    note = "started without a link, and no `start_link` is seen: a supervisor would not hold it"
    yield _site(start, span, "info", "medium", "advice", note)


def _in_a_function(
    start: StartFacts, facts: ModuleFacts, span: Span, project: Project
) -> Site | Exempt:
    clause = clause_of_start(start, project)
    linked = is_linked(start, project)
    target = project.module(start.target) if start.target in project.modules else None
    by = runners_of(clause, project) if clause is not None else []
    homes = {c.function.module.name for c in by} or {facts.name}
    restarted = all(is_restarted(project.modules[home], project) for home in homes)
    tie = tie_of(start, clause, target, restarted, by) if clause is not None else None
    if tie is not None and tie.exemption:
        return Exempt(span, tie.exemption)
    if tie is not None:
        return _site(start, span, "info", tie.confidence, "advice", tie.note, *tie.more)
    if clause is not None and is_specified(clause, project):
        return Exempt(span, "specified")
    note = _FREE_LINK if linked else _NO_LINK
    if clause is not None and linked and (behaviour := behaviour_of(clause, project)):
        note = f"linked to whatever process runs this callback of `{behaviour}`"
        return _site(start, span, "info", "low", "advice", note)
    if clause is not None and linked and is_handed_on(start, clause, target):
        return _site(start, span, "info", "low", "advice", HANDED_ON)
    if start.target in project.child_modules or is_agent(start, target):
        return _site(start, span, "info", "low", "advice", note)
    return _site(start, span, "warning", "medium", "assisted", note)


_FREE_LINK = (
    "linked to whatever process calls this function: where that one traps no exits, a crash of "
    "either ends both; no supervisor restarts this one"
)
_NO_LINK = "started without a link and by no supervisor: nobody learns of its end without a monitor"


def _site(
    start: StartFacts,
    span: Span,
    severity: Severity,
    confidence: Confidence,
    fix: FixKind,
    note: str,
    *more: Because,
) -> Site:
    what = f"`{start.target}`" if start.target else "a server"
    return Site(
        span,
        f"{what} is started by hand (`{start.call}`), outside every supervisor",
        because=(Because(span, note), *more),
        severity=severity,
        confidence=confidence,
        fix=fix,
        data={"call": start.call, "target": start.target},
    )


RULE = Rule(
    id="process-outside-supervisor",
    title="Processes started outside a supervisor",
    category="unsupervised-process",
    stage=1,
    severity="warning",
    confidence="medium",
    fix="assisted",
    fix_needs_app=True,
    explanation="One of the project's own servers is started by a call, and no supervisor owns it.",
    harm=(
        "When it crashes nobody starts it again, or it takes its caller down with it. It is not "
        "stopped in order with the application, and it is missing from the tree that people "
        "look at."
    ),
    remedy=(
        "List the module as a child of a supervisor. Where processes come and go, start them with "
        "`DynamicSupervisor.start_child/2`. A helper that has to end with its server in every case "
        "traps exits or monitors it: through the link alone, `:normal` ends nobody."
    ),
    triggers=(b"start",),
    check_project=check,
    bad=(
        Sample(
            files={
                "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
""",
                "lib/shop/application.ex": """\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    {:ok, _} = Shop.Stock.start_link([])
    Supervisor.start_link([Shop.Repo], strategy: :one_for_one)
  end
end
""",
                "lib/shop/stock.ex": """\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, opts}
end
""",
            }
        ),
        Sample("""\
defmodule Shop.Order do
  use GenServer

  def place(items) do
    {:ok, pid} = GenServer.start(__MODULE__, items)
    GenServer.call(pid, :total)
  end

  def init(items), do: {:ok, items}
end
"""),
        Sample("""\
defmodule Shop.Counter do
  use GenServer
  def start(first), do: GenServer.start(__MODULE__, first, name: __MODULE__)
  def init(first), do: {:ok, first}
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, opts}
end
"""),
        Sample("""\
defmodule Shop.Orders do
  def open(id), do: DynamicSupervisor.start_child(Shop.OrderSupervisor, {Shop.Order, id})
end

defmodule Shop.Order do
  use GenServer
  def start_link(id), do: GenServer.start_link(__MODULE__, id)
  def init(id), do: {:ok, id}
end
"""),
        Sample("""\
defmodule Shop.Clock do
  def measure(span), do: Shop.Telemetry.start(span)
end

defmodule Shop.Telemetry do
  def start(span), do: {span, System.monotonic_time()}
end
"""),
    ),
    exemptions=(
        Exemption(
            "test-support",
            "a stand-in that a test starts, and that ends with it",
            Sample("""\
defmodule Shop.Mock do
  use GenServer
  def start_link(parent), do: GenServer.start_link(__MODULE__, parent)
  def init(parent), do: {:ok, parent}
  def new do
    {:ok, pid} = start_link(self())
    pid
  end
end
"""),
        ),
        Exemption(
            "library",
            "a published library without an application of its own: its user starts and supervises",
            Sample(
                files={
                    "mix.exs": """\
defmodule Pool.MixProject do
  use Mix.Project
  def project, do: [app: :pool, package: [licenses: ["MIT"]]]
end
""",
                    "lib/pool.ex": """\
defmodule Pool do
  use GenServer
  def open(size), do: GenServer.start_link(__MODULE__, size)
  def init(size), do: {:ok, size}
end
""",
                }
            ),
        ),
        Exemption(
            "mix-task",
            "a Mix task runs for one command, without the application's tree",
            Sample("""\
defmodule Mix.Tasks.Shop.Import do
  use Mix.Task
  def run(_), do: {:ok, _} = GenServer.start_link(Shop.Importer, [])
end
"""),
        ),
        Exemption(
            "short-lived",
            "the function that starts it stops it",
            Sample("""\
defmodule Shop.Parser do
  use GenServer

  def parse(text) do
    {:ok, pid} = GenServer.start_link(__MODULE__, text)
    result = GenServer.call(pid, :parse)
    GenServer.stop(pid)
    result
  end

  def init(text), do: {:ok, text}
end
"""),
        ),
        Exemption(
            "specified",
            "a child specification names the function: a supervisor calls it",
            Sample("""\
defmodule Shop.Quote do
  use GenServer
  def init(offer), do: {:ok, offer}
  def child_spec(offer), do: %{id: __MODULE__, start: {__MODULE__, :open, [offer]}}
  def open(offer), do: GenServer.start_link(__MODULE__, offer)
end
"""),
        ),
        Exemption(
            "one-shot",
            "the same function asks it, and it ends itself when its one job is done: "
            "a restart would be of no use",
            Sample("""\
defmodule Shop.Quote do
  use GenServer
  def ask(item) do
    {:ok, pid} = GenServer.start_link(__MODULE__, item)
    {:ok, GenServer.call(pid, :price)}
  end
  def init(item), do: {:ok, item}
  def handle_call(:price, _from, item), do: {:stop, :normal, item.price, item}
end
"""),
        ),
        Exemption(
            "paired",
            "linked to the server that starts it and given its pid: the two work for each other "
            "and end together",
            Sample("""\
defmodule Shop.Till do
  use GenServer
  def init(arg) do
    {:ok, printer} = Shop.Printer.start_link(self())
    {:ok, {printer, arg}}
  end
end

defmodule Shop.Printer do
  use GenServer
  def start_link(till), do: GenServer.start_link(__MODULE__, till)
  def init(till), do: {:ok, till}
end
"""),
        ),
        Exemption(
            "answers-for-it",
            "linked to a server that traps exits, and that stops or starts it anew when it ends, "
            "or to a function that traps them and waits for its end: that is what a supervisor "
            "would do",
            Sample("""\
defmodule Shop.Till do
  use GenServer
  def init(arg) do
    Process.flag(:trap_exit, true)
    {:ok, printer} = Shop.Printer.start_link(arg)
    {:ok, printer}
  end

  def handle_info({:EXIT, printer, reason}, printer), do: {:stop, reason, printer}
end

defmodule Shop.Printer do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(arg), do: {:ok, arg}
end
"""),
        ),
        Exemption(
            "restarted-together",
            "started in `init/1` by a supervised server and linked to it: a crash of either ends "
            "both, and the supervisor starts both again",
            Sample("""\
defmodule Shop.Till do
  use GenServer
  def init(arg) do
    {:ok, printer} = Shop.Printer.start_link(arg)
    {:ok, printer}
  end
end

defmodule Shop.Printer do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(arg), do: {:ok, arg}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Till], strategy: :one_for_one)
end
"""),
        ),
        Exemption(
            "watches-owner",
            "it is given its caller's pid and monitors it: its life is tied to its owner's "
            "on purpose",
            Sample("""\
defmodule Shop.Device do
  use GenServer
  def open(text), do: GenServer.start(__MODULE__, {self(), text})
  def init({owner, text}), do: {:ok, {Process.monitor(owner), text}}
end
"""),
        ),
        Exemption(
            "watches-tree",
            "it monitors the supervisor that the application starts: as a child of that one it "
            "would be stopped before it",
            Sample(
                files={
                    "mix.exs": """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop]
  def application, do: [mod: {Shop.Application, []}]
end
""",
                    "lib/shop.ex": """\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    {:ok, tree} = Supervisor.start_link([Shop.Repo], strategy: :one_for_one)
    Shop.Watch.start_link(tree)
    {:ok, tree}
  end
end

defmodule Shop.Watch do
  use GenServer
  def start_link(pid), do: GenServer.start_link(__MODULE__, pid)
  def init(pid), do: {:ok, Process.monitor(pid)}
end
""",
                }
            ),
        ),
        Exemption(
            "lazy",
            "started on first use under a name, and the second caller finds the first one's "
            "process",
            Sample("""\
defmodule Shop.Session do
  use GenServer

  def fetch(id) do
    case GenServer.start_link(__MODULE__, id, name: {:global, id}) do
      {:ok, pid} -> pid
      {:error, {:already_started, pid}} -> pid
    end
  end

  def init(id), do: {:ok, id}
end
"""),
        ),
    ),
)
