"""A child that asks the supervisor that is waiting for its start."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.context import is_test_support
from bot.elixir.facts import ModuleFacts
from bot.elixir.parents import Parent, parents_of
from bot.elixir.process_names import process_name
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.way import way
from bot.elixir.server_requests import Step, runs

_ASKS = frozenset(
    f"{module}.{name}"
    for module in ("Supervisor", "DynamicSupervisor")
    for name in (
        "start_child", "which_children", "count_children", "terminate_child", "restart_child",
        "delete_child",
    )
)  # fmt: skip
"""All of these wait for the supervisor without a limit of time."""
_INIT = ("init", 1)


def check(project: Project) -> Iterator[Site | Exempt]:
    """What `init/1` of a child asks of a supervisor above it."""
    graph = project.calls
    for facts in graph.servers:
        asked = list(_asked(project, facts))
        parents = {p.name: p for p in parents_of(project, facts.name)} if asked else {}
        seen: set[int] = set()
        for call, step, name in asked:
            if name in parents and call.node.id not in seen:
                seen.add(call.node.id)
                yield _judge(call, step, parents[name])


def _asked(project: Project, facts: ModuleFacts) -> Iterator[tuple[Call, Step, str]]:
    """Questions to supervisors that have a name, those of `init/1` first."""
    graph = project.calls
    if not graph.speaks(facts.path):
        return
    module = project.module(facts.name)
    for origin in [*callbacks(module, [_INIT]), *callbacks(module, BUSY - {_INIT})]:
        for step in graph.steps(origin):
            for call in step.clause.calls:
                if call.full in _ASKS and call.args and runs(call, step.clause):
                    name = process_name(call.args[0], step.clause, step.bound)
                    if name:
                        yield call, step, name


def _judge(call: Call, step: Step, parent: Parent) -> Site | Exempt:
    home = step.origin.module
    span = Span.of(home, (step.path[0] if step.path else call).node)
    if step.origin.name != "init":
        return Exempt(span, "started")
    if is_test_support(home):
        return Exempt(span, "test-support")
    return Site(
        span,
        f"`init/1` asks `{parent.name}`, which waits for `init/1`",
        because=(
            *way(step),
            Because(Span.of(call.owner, call.node), _note(call, step, parent)),
            Because(
                Span(parent.path, parent.start, parent.end),
                f"`{parent.name}` starts `{home.name}` here, and waits until `init/1` returns",
            ),
        ),
        data={"supervisor": parent.name, "call": call.full},
    )


def _note(call: Call, step: Step, parent: Parent) -> str:
    if step.in_task or call.runs_in:
        return f"the task waits for `{parent.name}` without a limit, and `init/1` for the task"
    return f"this waits for `{parent.name}` without a limit of time"


RULE = Rule(
    id="call-to-own-supervisor",
    title="A child that asks its own supervisor while it starts",
    category="blocking",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation=(
        "`init/1` asks the supervisor that starts it, or one further up, for its children or for "
        "a new one."
    ),
    harm=(
        "A supervisor answers nobody while it waits for a child's `init/1`. The functions of "
        "`Supervisor` and `DynamicSupervisor` wait with `:infinity`, so nothing times out and "
        "nothing crashes: the start hangs for ever, without a message in the log."
    ),
    remedy=(
        "Ask from `handle_continue/2`: by then the supervisor has gone on. Where siblings are "
        "meant to be found, a `Registry` answers without the supervisor."
    ),
    triggers=(b"Supervisor",),
    follows_calls=True,
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
end

defmodule Shop.Desk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(_), do: {:ok, Supervisor.which_children(Shop.Supervisor)}
end
"""),
        Sample("""\
defmodule Shop.Workers do
  use DynamicSupervisor

  def start_link(arg), do: DynamicSupervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: DynamicSupervisor.init(strategy: :one_for_one)
  def add(job), do: DynamicSupervisor.start_child(__MODULE__, {Shop.Worker, job})
end

defmodule Shop.Worker do
  use GenServer, restart: :temporary

  def start_link(job), do: GenServer.start_link(__MODULE__, job)

  def init(job) do
    for part <- job.parts, do: Shop.Workers.add(part)
    {:ok, job}
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: Supervisor.init([Shop.Workers, Shop.Desk], strategy: :one_for_one)
end

defmodule Shop.Workers do
  use DynamicSupervisor

  def start_link(arg), do: DynamicSupervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: DynamicSupervisor.init(strategy: :one_for_one)
end

defmodule Shop.Desk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(_), do: {:ok, DynamicSupervisor.start_child(Shop.Workers, {Agent, fn -> 0 end})}
end
"""),
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
  def desks, do: Supervisor.which_children(__MODULE__)
end

defmodule Shop.Desk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)

  def init(arg) do
    Task.Supervisor.start_child(Shop.Tasks, fn -> IO.inspect(Shop.Supervisor.desks()) end)
    {:ok, arg}
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "started",
            "the supervisor has gone on when this callback runs",
            Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
end

defmodule Shop.Desk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(arg), do: {:ok, arg, {:continue, :look}}
  def handle_continue(:look, _), do: {:noreply, Supervisor.which_children(Shop.Supervisor)}
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests may show what goes wrong",
            Sample("""\
defmodule Shop.Testing.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Testing.Desk], strategy: :one_for_one)
end

defmodule Shop.Testing.Desk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(_), do: {:ok, Supervisor.which_children(Shop.Testing.Supervisor)}
end
"""),
        ),
    ),
)
