"""A server that waits for its own answer."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.context import is_test_support
from bot.elixir.facts import ModuleFacts
from bot.elixir.module import Module
from bot.elixir.process_names import SELF
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.agents import (
    STARTS,
    WHO_AM_I,
    agent_of,
    asked,
    asked_by,
    started_with,
    taker_of,
)
from bot.elixir.rules.parts.way import clauses_on, way
from bot.elixir.rules.parts.way_open import is_open, may_take
from bot.elixir.server_requests import Request

_AGENT = "Agent."


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every request that a server's callback, or an agent's function, makes to the same process."""
    graph = project.calls
    for facts in graph.servers:
        seen: set[int] = set()
        for request in graph.requests(facts):
            mine = request.process == SELF or graph.owners.get(request.process) is facts
            if not request.waits or not mine or _shown(request).node.id in seen:
                continue
            if _comes_here(request, facts, project):
                seen.add(_shown(request).node.id)
                yield _judge(request, facts)
    for facts in project.modules.values():
        if facts.role == "lib" and project.texts[facts.path].count(b"Agent.") > 1:
            yield from _in_agents(project, project.module(facts.name))


def _comes_here(request: Request, facts: ModuleFacts, project: Project) -> bool:
    """Whether the way is open, and the server one that can take the request."""
    named = request.process == SELF or request.process in facts.names
    return is_open(request, project) and (named or may_take(facts, request, project))


def _shown(request: Request) -> Call:
    """Where the server's own code goes wrong: the request, or the call of a client function."""
    home, last = request.step.origin.module, request.step.clause.function
    way_at_home = [call for call in request.step.path if call.owner is home]
    if not way_at_home or (last.module is home and not last.public):
        return request.call
    return way_at_home[-1]


def _judge(request: Request, facts: ModuleFacts) -> Site | Exempt:
    step = request.step
    span = Span.of(step.origin.module, _shown(request).node)
    if is_test_support(facts):
        return Exempt(span, "test-support")
    if any(clause.matches(WHO_AM_I) for clause in clauses_on(step)):
        return Exempt(span, "knows-itself")
    certain = request.process == SELF or request.process in facts.names
    return Site(
        span,
        f"`{step.origin.label}` {'waits' if certain else 'may wait'} for its own server: "
        f"`{request.call.full}`",
        because=(
            *way(step),
            Because(Span.of(request.call.owner, request.call.node), _note(request, certain)),
        ),
        severity=None if certain else "warning",
        confidence=None if certain else "medium",
        data={"process": request.process, "callback": step.origin.label},
    )


def _note(request: Request, certain: bool) -> str:
    if not certain:
        return f"where this server is `{request.process}`, it would have to answer while it waits"
    if request.step.in_task or request.call.runs_in:
        return "the task waits for the server, and the server for the task, until a time is over"
    if request.process == SELF:
        return "`self()` is the server here: it would have to answer while it waits"
    return f"`{request.process}` is this server's own name: it would have to answer while it waits"


def _in_agents(project: Project, module: Module) -> Iterator[Site]:
    """Requests to an agent by a function that this very agent is given to run."""
    for clause in module.clauses_with(b"Agent."):
        for call in clause.calls:
            taker = taker_of(call) if call.runs_in.startswith(_AGENT) else None
            name = agent_of(taker, clause) if taker is not None else ""
            found = asked(project, call, clause, name) if name else None
            if taker is not None and found is not None:
                yield _of_agent(call, taker, name, found)
            elif call.full in STARTS and (name := agent_of(call, clause)):
                first = started_with(call)
                if first is not None and (begun := asked_by(first, project, name)) is not None:
                    yield _of_agent(call, call, name, begun)


def _of_agent(call: Call, taker: Call, name: str, found: Request) -> Site:
    """What is told at the call: the agent runs it, and on some way it waits for the agent."""
    inner = found.call
    far = inner is not call
    more = (
        (*way(found.step), Because(Span.of(inner.owner, inner.node), "this asks that agent"))
        if far
        else ()
    )
    what = "can wait" if far else "waits"
    return Site(
        Span.of(call.owner, call.node),
        f"the function given to `{taker.full}` {what} for the same agent",
        because=(
            Because(Span.of(taker.owner, taker.node), f"the agent `{name}` runs this function"),
            *more,
        ),
        data={"process": name},
    )


RULE = Rule(
    id="call-to-self",
    title="A server that calls itself",
    category="blocking",
    stage=1,
    severity="error",
    confidence="high",
    fix="advice",
    explanation=(
        "A callback waits for an answer of the server in which it runs: by `self()`, by the "
        "server's own name, or through one of its own client functions."
    ),
    harm=(
        "A server answers its next message when the callback has returned, so the answer can never "
        "come. `GenServer.call/3` notices and exits with `calling_self`; through an awaited task "
        "nothing is noticed until the timeout. Unless that exit is caught, the server crashes and "
        "loses its state, each time this line is reached."
    ),
    remedy=(
        "Inside a callback the state is at hand: move the work into a private function of the "
        "state, and let both the client function's `handle_call` clause and this callback use it. "
        "For work to be done later, return `{:continue, ...}`."
    ),
    triggers=(
        b"GenServer.call",
        b"GenStage.call",
        b"GenStateMachine.call",
        b":gen_server.call",
        b":gen_statem.call",
        b"Agent.",
    ),
    follows_calls=True,
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Stock do
  use GenServer

  def start_link(items), do: GenServer.start_link(__MODULE__, items, name: __MODULE__)
  def count(item), do: GenServer.call(__MODULE__, {:count, item})

  def init(items), do: {:ok, items}
  def handle_call({:count, item}, _from, items), do: {:reply, Map.get(items, item, 0), items}

  def handle_call({:take, item}, _from, items) do
    left = count(item) - 1
    {:reply, left, Map.put(items, item, left)}
  end
end
"""),
        Sample("""\
defmodule Shop.Desk do
  use GenServer

  def total(desk), do: GenServer.call(desk, :total)
  def init(sums), do: {:ok, sums}
  def handle_call(:total, _from, sums), do: {:reply, Enum.sum(sums), sums}

  def handle_info(:report, sums) do
    report()
    {:noreply, sums}
  end

  defp report, do: IO.inspect(total(self()))
end
"""),
        Sample(
            files={
                "lib/stock.ex": """\
defmodule Shop.Stock do
  use GenServer

  def start_link(items), do: GenServer.start_link(__MODULE__, items, name: __MODULE__)
  def all, do: GenServer.call(__MODULE__, :all)
  def init(items), do: {:ok, items}
  def handle_call(:all, _from, items), do: {:reply, items, items}
  def handle_cast(:print, items), do: {:noreply, Shop.Printer.print(items)}
end
""",
                "lib/printer.ex": """\
defmodule Shop.Printer do
  def print(items) do
    Enum.each(Shop.Stock.all(), &IO.inspect/1)
    items
  end
end
""",
            }
        ),
        Sample("""\
defmodule Shop.Rates do
  use GenServer

  def start_link(rates), do: GenServer.start_link(__MODULE__, rates, name: __MODULE__)
  def rate(currency), do: GenServer.call(__MODULE__, {:rate, currency})
  def init(rates), do: {:ok, rates}
  def handle_call({:rate, currency}, _from, rates), do: {:reply, rates[currency], rates}

  def handle_call({:sum, currencies}, _from, rates) do
    tasks = for currency <- currencies, do: Task.async(fn -> rate(currency) end)
    {:reply, tasks |> Task.await_many() |> Enum.sum(), rates}
  end
end
"""),
        Sample("""\
defmodule Shop.Counter do
  use Agent

  def start_link(_), do: Agent.start_link(fn -> 0 end, name: __MODULE__)
  def value, do: Agent.get(__MODULE__, & &1)
  def double, do: Agent.update(__MODULE__, fn _ -> value() * 2 end)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Stock do
  use GenServer

  def start_link(items), do: GenServer.start_link(__MODULE__, items, name: __MODULE__)
  def count(item), do: GenServer.call(__MODULE__, {:count, item})
  def recount, do: GenServer.cast(__MODULE__, :recount)

  def init(items), do: {:ok, items}
  def handle_call({:count, item}, _from, items), do: {:reply, in_stock(items, item), items}

  def handle_info(:check, items) do
    recount()
    Task.Supervisor.start_child(Shop.Tasks, fn -> IO.inspect(count(:tea)) end)
    {:noreply, items}
  end

  defp in_stock(items, item), do: Map.get(items, item, 0)
end
"""),
        Sample("""\
defmodule Shop.Branch do
  use GenServer

  def total(branch), do: GenServer.call(branch, :total)
  def init(state), do: {:ok, state}
  def handle_call(:total, _from, s), do: {:reply, s.own + total(s.parent), s}
  def handle_call(:far, _from, s), do: {:reply, GenServer.call({__MODULE__, s.node}, :total), s}
end
"""),
        Sample("""\
defmodule Shop.Counter do
  use Agent

  def value, do: Agent.get(__MODULE__, & &1)
  def copy, do: Agent.update(Shop.Other, fn _ -> value() end)
end
"""),
    ),
    exemptions=(
        Exemption(
            "knows-itself",
            "it asks first whether it is that process itself",
            Sample("""\
defmodule Shop.Stock do
  use GenServer

  def start_link(items), do: GenServer.start_link(__MODULE__, items, name: __MODULE__)
  def init(items), do: {:ok, items}
  def handle_call(:all, _from, items), do: {:reply, items, items}
  def handle_info(:print, items), do: {:noreply, print(items)}

  def print(items) do
    if self() == Process.whereis(__MODULE__), do: items, else: GenServer.call(__MODULE__, :all)
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests may show what goes wrong",
            Sample("""\
defmodule Shop.Testing.Loop do
  use GenServer

  def init(state), do: {:ok, state}
  def handle_call(:loop, _from, state), do: {:reply, GenServer.call(self(), :loop), state}
end
"""),
        ),
    ),
)
