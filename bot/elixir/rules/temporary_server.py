"""A server of a fixed list that its supervisor does not restart after a crash."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.child_specs import ChildFacts
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, is_server, reached_from_callbacks
from bot.elixir.results import results
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_USES = ("GenServer", "GenStage", "Agent", "GenStateMachine")
_LEAVES = ("Kernel.exit", "GenServer.stop", "Process.exit", ":gen_statem.stop")


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every `:temporary` server in a child list, unless it ends by itself."""
    for facts in project.facts:
        if facts.role != "lib":
            continue
        for listing in facts.child_lists:
            for child in listing.children:
                if child.module in project.modules:
                    yield from _judge(child, listing.path, project.module(child.module))


def _judge(child: ChildFacts, path: str, server: Module) -> Iterator[Site | Exempt]:
    own = next((use.options.get("restart") for use in server.uses if use.name in _USES), None)
    if ("child_spec", 1) in server.functions:
        # Its own function says how it is restarted, not what it uses.
        own = None
    restart = child.restart or (text(own).removeprefix(":") if own is not None else "")
    if restart != "temporary" or not is_server(server) or is_platform(server):
        return
    span = Span(path, child.start, child.end)
    if is_test_support(server):
        yield Exempt(span, "test-support")
    elif _ends_by_itself(server):
        yield Exempt(span, "ends-by-itself")
    else:
        because = [Because(span, "the supervisor forgets it when it ends, for whatever reason")]
        if not child.restart and own is not None:
            because.append(Because(Span.of(server, own), "its own specification says so"))
        yield Site(
            span,
            f"its supervisor does not restart `{child.module}` after a crash",
            because=tuple(because),
            data={"module": child.module},
        )


def _ends_by_itself(server: Module) -> bool:
    """Whether a callback stops the server, or its start can be ignored."""
    for step in reached_from_callbacks(server, BUSY):
        values = [text(node).lstrip("{ \n") for node in results(step.clause)]
        if any(value.startswith((":stop", ":ignore")) for value in values):
            return True
        if any(call.full in _LEAVES for call in step.clause.calls):
            return True
    return any(
        value.startswith(("{:stop", ":ignore"))
        for clause in server.clauses_with(b":stop", b":ignore")
        for value in map(text, results(clause))
    )


RULE = Rule(
    id="temporary-server",
    title="Server that is not restarted",
    category="supervision",
    stage=1,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A server in a supervisor's own list of children is `:temporary`, and nothing in its "
        "callbacks ends it: it is meant to run as long as the application."
    ),
    harm=(
        "The supervisor drops the child at its first crash. What calls the server fails from then "
        "on, until the supervisor itself starts anew, while the application looks healthy."
    ),
    remedy=(
        "Leave `restart` out, or say `:transient` where a normal end is an end. If the server may "
        "be missing, let its callers know of it."
    ),
    triggers=(b":temporary",),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Stock do
  use GenServer, restart: :temporary
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, opts}
  def handle_call(:all, _from, state), do: {:reply, state, state}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Stock], strategy: :one_for_one)
end
"""),
        Sample("""\
defmodule Shop.Stock do
  use GenServer
  def init(opts), do: {:ok, opts}
  def handle_call(:all, _from, state), do: {:reply, state, state}
end

defmodule Shop.Tree do
  use Supervisor

  def init(_) do
    children = [Supervisor.child_spec({Shop.Stock, []}, restart: :temporary)]
    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Order do
  use GenServer, restart: :temporary
  def init(opts), do: {:ok, opts}
  def open(id), do: DynamicSupervisor.start_child(Shop.Orders, {__MODULE__, id})
end
"""),
        Sample("""\
defmodule Shop.Stock do
  use GenServer, restart: :transient
  def init(opts), do: {:ok, opts}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Stock], strategy: :one_for_one)
end
"""),
    ),
    exemptions=(
        Exemption(
            "ends-by-itself",
            "it has one job and ends after it",
            Sample("""\
defmodule Shop.Warm do
  use GenServer, restart: :temporary
  def init(opts), do: {:ok, opts, {:continue, :warm}}

  def handle_continue(:warm, opts) do
    Shop.Cache.fill(opts)
    {:stop, :normal, opts}
  end
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Warm], strategy: :one_for_one)
end
"""),
        ),
        Exemption(
            "test-support",
            "a stand-in for tests",
            Sample("""\
defmodule Shop.Mock do
  use GenServer, restart: :temporary
  def init(opts), do: {:ok, opts}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Mock], strategy: :one_for_one)
end
"""),
        ),
    ),
)
