"""A supervisor that a server starts itself, beside the tree."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.context import is_platform, is_test_support
from bot.elixir.facts import StartFacts
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_server, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.route import route
from bot.elixir.supervision import is_supervisor

_SUPERVISORS = frozenset(
    f"{module}.start_link"
    for module in ("Supervisor", "DynamicSupervisor", "Task.Supervisor", "PartitionSupervisor")
)
_STOPS = frozenset({"Supervisor.stop", "DynamicSupervisor.stop", "Process.exit", "GenServer.stop"})


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every supervisor started in a callback of a server that has siblings."""
    listed = {
        child.module
        for facts in project.facts
        if facts.role != "test"
        for listing in facts.child_lists
        for child in listing.children
    }
    for facts in project.facts:
        if facts.role != "lib":
            continue
        alike: dict[str, list[StartFacts]] = {}
        for start in facts.starts:
            if start.call in _SUPERVISORS or _own_supervisor(start, project):
                alike.setdefault(f"{start.call} {start.target}", []).append(start)
        for first, *others in alike.values():
            yield from _judge(first, others, facts.name in listed, project)


def _own_supervisor(start: StartFacts, project: Project) -> bool:
    target = project.modules.get(start.target)
    return (
        target is not None
        and is_supervisor(target)
        and start.call == f"{start.target}.start_link"
        and start.target != start.module
    )


def _judge(
    start: StartFacts, others: list[StartFacts], listed: bool, project: Project
) -> Iterator[Site | Exempt]:
    """What is to be said of a start, and with it of the same start elsewhere in the module."""
    module = project.module_at(start.path, start.start)
    if module is None or not is_server(module) or is_platform(module):
        return
    steps = reached_from_callbacks(module)
    step = next((s for s in steps if _holds(s.clause, start)), None)
    if step is None:
        return
    span = Span(start.path, start.start, start.end)
    if is_test_support(module):
        yield Exempt(span, "test-support")
    elif _stops_it(module):
        yield Exempt(span, "stopped")
    elif not listed:
        yield Exempt(span, "one-of-many")
    else:
        yield Site(
            span,
            f"`{step.origin.label}` starts a supervisor beside the tree (`{start.call}`)",
            because=(
                *route(step),
                Because(
                    span,
                    "it hangs on this server by a link: the supervisor above stops the server, and "
                    "waits for that alone",
                ),
                *(Because(Span(o.path, o.start, o.end), "it is started here, too") for o in others),
            ),
            data={"call": start.call, "target": start.target},
        )


def _holds(clause: Clause, start: StartFacts) -> bool:
    return clause.node.start_byte <= start.start < clause.node.end_byte


def _stops_it(module: Module) -> bool:
    """Whether `terminate/2` stops something, and waits for it."""
    terminate = module.functions.get(("terminate", 2))
    return terminate is not None and any(call.full in _STOPS for call in terminate.calls)


RULE = Rule(
    id="started-in-init",
    title="Supervisor inside a server",
    category="supervision",
    stage=3,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A server that stands in a list of children starts and links a supervisor in one of its "
        "callbacks, so that a part of the tree hangs on a worker."
    ),
    harm=(
        "The branch is missing from the tree that people and tools look at. It ends with every "
        "crash of the server, and at shutdown nobody waits for what it still has to do."
    ),
    remedy=(
        "Make server and supervisor siblings under a supervisor of their own, `:one_for_all` or "
        "`:rest_for_one`, and give the server the other's name or let it start the children by "
        "`DynamicSupervisor.start_child/2`. Where they have to be one, stop the supervisor in "
        "`terminate/2`, and allow for that in `shutdown`."
    ),
    triggers=(b"Supervisor.start_link",),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Desks do
  use GenServer

  def init(_) do
    {:ok, desks} = DynamicSupervisor.start_link(strategy: :one_for_one)
    {:ok, %{desks: desks}}
  end
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Desks], strategy: :one_for_one)
end
"""),
        Sample("""\
defmodule Shop.Night do
  use GenServer
  def init(arg), do: {:ok, arg, {:continue, :open}}
  def handle_continue(:open, arg), do: {:noreply, open(arg)}

  defp open(jobs) do
    {:ok, pid} = Supervisor.start_link(jobs, strategy: :one_for_one)
    pid
  end
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([{Shop.Night, []}], strategy: :one_for_one)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Branch do
  use Supervisor

  def init(_) do
    children = [{DynamicSupervisor, name: Shop.Orders}, Shop.Desk]
    Supervisor.init(children, strategy: :rest_for_one)
  end
end
"""),
        Sample("""\
defmodule Shop.Desk do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def start_tree(jobs), do: Supervisor.start_link(jobs, strategy: :one_for_one)
  def init(arg), do: {:ok, arg}
end
"""),
    ),
    exemptions=(
        Exemption(
            "stopped",
            "the server stops it in `terminate/2`: they are one on purpose",
            Sample("""\
defmodule Shop.Desks do
  use GenServer

  def init(_) do
    Process.flag(:trap_exit, true)
    {:ok, desks} = DynamicSupervisor.start_link(strategy: :one_for_one)
    {:ok, desks}
  end

  def terminate(_reason, desks), do: DynamicSupervisor.stop(desks)
end
"""),
        ),
        Exemption(
            "one-of-many",
            "started on demand: the server and its own supervisor come and go together",
            Sample("""\
defmodule Shop.Order do
  use GenServer
  def open(id), do: DynamicSupervisor.start_child(Shop.Orders, {__MODULE__, id})

  def init(id) do
    {:ok, tasks} = Task.Supervisor.start_link()
    {:ok, %{id: id, tasks: tasks}}
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a stand-in that a test starts, and that ends with it",
            Sample("""\
defmodule Shop.Testing.Desks do
  use GenServer
  def init(_), do: DynamicSupervisor.start_link(strategy: :one_for_one)
end
"""),
        ),
    ),
)
