"""Siblings that restart alone although one of them holds what only lives as long as the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.elixir.child_specs import ChildFacts
from bot.elixir.children import ChildListFacts
from bot.elixir.context import is_test_support
from bot.elixir.facts import ModuleFacts
from bot.elixir.lost_on_restart import Tie, ties
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.way import way
from bot.elixir.siblings import together

_WATCHES = re.compile(rb"Process\.(?:monitor|link)\(|:erlang\.monitor\(|:nodeup|:DOWN")


def check(project: Project) -> Iterator[Site | Exempt]:
    """What servers under `:one_for_one` hold of a sibling, once for each two of them."""
    servers = {facts.name: facts for facts in project.calls.servers}
    for listing in _alone(project):
        known = {c.module: c for c in listing.children if c.module in servers}
        for child in known.values():
            for other in known.values() if len(known) > 1 else ():
                if other is not child:
                    facts = servers[child.module]
                    tie = next(ties(project, facts, servers[other.module]), None)
                    if tie is not None and together(project, listing, child, other):
                        yield _judge(project, tie, listing, facts, other)


def _alone(project: Project) -> Iterator[ChildListFacts]:
    """Lists whose children restart one by one."""
    for facts in project.facts:
        for listing in facts.child_lists if facts.role == "lib" else ():
            if listing.strategy == "one_for_one":
                yield listing


def _judge(
    project: Project, tie: Tie, listing: ChildListFacts, facts: ModuleFacts, other: ChildFacts
) -> Site | Exempt:
    home = tie.step.origin.module
    span = Span.of(home, (tie.step.path[0] if tie.step.path else tie.call).node)
    if is_test_support(facts):
        return Exempt(span, "test-support")
    if home.source.matches(_WATCHES, home.node.start_byte, home.node.end_byte):
        return Exempt(span, "watches")
    if tie.again:
        return Exempt(span, "again")
    kept_in = project.module(other.module)
    return Site(
        span,
        f"a restart of `{other.module}` alone can undo what `{facts.name}` did at its start",
        because=(
            *way(tie.step),
            Because(Span.of(tie.call.owner, tie.call.node), tie.note),
            Because(Span.of(kept_in, tie.other), tie.other_note),
            Because(
                Span(listing.path, listing.start, listing.end),
                "with `:one_for_one` the one restarts alone",
            ),
        ),
        data={"child": facts.name, "sibling": other.module},
    )


RULE = Rule(
    id="restart-strategy",
    title="Siblings that restart alone but belong together",
    category="supervision",
    stage=1,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "Under `:one_for_one` a child does something at its start that lives only as long as a "
        "sibling's process: it hands over its pid, fills a table of the sibling, or keeps the "
        "sibling's pid."
    ),
    harm=(
        "When the sibling crashes, only the sibling restarts, and it knows nothing of this child "
        "any more. Nothing need fail at once: messages do not come, rows are not there, a pid is "
        "dead. A restart of the child would mend it, and nobody asks for that."
    ),
    remedy=(
        "Put the sibling first and use `:rest_for_one`, or `:one_for_all` where both depend on "
        "each other. Or let the child monitor the sibling and do it again on `:DOWN`; or register "
        "through `Registry`, which is linked to those who register."
    ),
    triggers=(b"one_for_one",),
    follows_calls=True,
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Bell, Shop.Clerk], strategy: :one_for_one)
end

defmodule Shop.Bell do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def listen(pid), do: GenServer.call(__MODULE__, {:listen, pid})
  def init(_), do: {:ok, []}
  def handle_call({:listen, pid}, _from, pids), do: {:reply, :ok, [pid | pids]}

  def handle_cast(:ring, pids) do
    for pid <- pids, do: send(pid, :rang)
    {:noreply, pids}
  end
end

defmodule Shop.Clerk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)

  def init(arg) do
    Shop.Bell.listen(self())
    {:ok, arg}
  end

  def handle_info(:rang, arg), do: {:noreply, arg}
end
"""),
        Sample("""\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    children = [Shop.Prices, Shop.Discounts]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end

defmodule Shop.Prices do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)

  def init(arg) do
    :ets.new(:prices, [:named_table, :public])
    {:ok, arg}
  end
end

defmodule Shop.Discounts do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)

  def init(rows) do
    :ets.insert(:prices, rows)
    {:ok, rows}
  end
end
"""),
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Bell, Shop.Clerk], strategy: :one_for_one)
end

defmodule Shop.Bell do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(arg), do: {:ok, arg}
end

defmodule Shop.Clerk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)

  def init(_) do
    bell = Process.whereis(Shop.Bell)
    {:ok, %{bell: bell}}
  end

  def handle_info(:ring, state) do
    send(state.bell, :ring)
    {:noreply, state}
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Bell, Shop.Clerk], strategy: :rest_for_one)
end

defmodule Shop.Bell do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def listen(pid), do: GenServer.call(__MODULE__, {:listen, pid})
  def init(_), do: {:ok, []}
  def handle_call({:listen, pid}, _from, pids), do: {:reply, :ok, [pid | pids]}
end

defmodule Shop.Clerk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)

  def init(arg) do
    Shop.Bell.listen(self())
    {:ok, arg}
  end
end
"""),
        Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Bell, Shop.Clerk], strategy: :one_for_one)
end

defmodule Shop.Bell do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def tone(name), do: GenServer.call(__MODULE__, {:tone, name})
  def init(tones), do: {:ok, tones}
  def handle_call({:tone, name}, _from, tones), do: {:reply, tones[name], tones}
end

defmodule Shop.Clerk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(_), do: {:ok, Shop.Bell.tone(:clerk)}
end
"""),
    ),
    exemptions=(
        Exemption(
            "watches",
            "it watches processes, and so can learn of the restart",
            Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Bell, Shop.Clerk], strategy: :one_for_one)
end

defmodule Shop.Bell do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(arg), do: {:ok, arg}
end

defmodule Shop.Clerk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)

  def init(_) do
    bell = Process.whereis(Shop.Bell)
    Process.monitor(bell)
    {:ok, %{bell: bell}}
  end

  def handle_info({:DOWN, _, :process, _, _}, state), do: {:stop, :bell_is_gone, state}
end
"""),
        ),
        Exemption(
            "again",
            "it does the same again later on",
            Sample("""\
defmodule Shop.Supervisor do
  use Supervisor

  def init(_), do: Supervisor.init([Shop.Bell, Shop.Clerk], strategy: :one_for_one)
end

defmodule Shop.Bell do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def listen(pid), do: GenServer.call(__MODULE__, {:listen, pid})
  def init(_), do: {:ok, MapSet.new()}
  def handle_call({:listen, pid}, _from, pids), do: {:reply, :ok, MapSet.put(pids, pid)}
end

defmodule Shop.Clerk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)

  def init(arg) do
    Shop.Bell.listen(self())
    {:ok, arg}
  end

  def handle_info(:minute, arg) do
    Shop.Bell.listen(self())
    {:noreply, arg}
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests does not outlive them",
            Sample("""\
defmodule Shop.Testing.Supervisor do
  use Supervisor

  def init(_) do
    Supervisor.init([Shop.Testing.Bell, Shop.Testing.Clerk], strategy: :one_for_one)
  end
end

defmodule Shop.Testing.Bell do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(arg), do: {:ok, arg}
end

defmodule Shop.Testing.Clerk do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(_), do: {:ok, %{bell: Process.whereis(Shop.Testing.Bell)}}
end
"""),
        ),
    ),
)
