"""A server's list or map that every message makes longer, and nothing ever shorter."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.callers import last_part
from bot.elixir.context import is_test_support
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import SERVERS
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.growth import grows, is_cut
from bot.elixir.rules.parts.kept import field_written
from bot.elixir.rules.parts.state_use import AGENT_WRITES, Write, writes

_MESSAGES = (("handle_call", 3), ("handle_cast", 2), ("handle_info", 2))


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every part of a named server's state that only grows, once per part."""
    for facts in project.modules.values():
        keeps = any(map(facts.implements, SERVERS)) or facts.has("handle_call", 3)
        if facts.role == "lib" and facts.names and keeps and not is_test_support(facts):
            yield from _judge(project.module(facts.name), project)


def _judge(module: Module, project: Project) -> Iterator[Site | Exempt]:
    found = [w for w in writes(module, _MESSAGES) if grows(w, module, _given(w), project)]
    seen: set[str] = set()
    for write in found:
        field = field_written(write)
        if field in seen:
            continue
        seen.add(field)
        span = Span.of(module, write.node)
        if is_cut(write, module, found) or _changed_elsewhere(module, project):
            yield Exempt(span, "cut")
        else:
            yield _site(write, field, span)


def _changed_elsewhere(module: Module, project: Project) -> bool:
    """Whether another module gives an Agent a function that changes its state."""
    if b"Agent." not in module.source.data:
        return False
    return any(
        call.full in AGENT_WRITES and call.args and other.scope.resolve(call.args[0]) == module.name
        for path in project.lib_holding(last_part(module.name))
        for other in project.modules_in(path)
        if other.name != module.name
        for clause in other.clauses_with(b"Agent.")
        for call in clause.calls
    )


def _given(write: Write) -> set[str]:
    """Variables that the message, or the caller of the Agent, brings."""
    clause = write.clause
    callback = (clause.function.name, clause.function.arity) in _MESSAGES
    params = clause.params[:1] if callback else clause.params
    return {name for param in params for name in nodes.identifiers(param)}


def _site(write: Write, field: str, span: Span) -> Site:
    part = f"`{field}`" if field else "the state"
    listed = write.node.type != "call"
    return Site(
        span,
        f"{part} of `{write.clause.function.module.name}` grows, and its module never cuts it",
        because=(
            Because(
                span,
                "each time, an element is added" if listed else "each new key adds an entry",
            ),
            Because(
                Span.of(write.clause.function.module, write.clause.head),
                f"no clause of the module removes from {part}, replaces it or stops the server",
            ),
        ),
        severity="warning" if listed else "info",
        data={"field": field, "kind": "list" if listed else "map"},
    )


RULE = Rule(
    id="unbounded-state",
    title="State that only grows",
    category="resources",
    stage=3,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A server with a fixed name adds to a list or map in its state with the messages it gets, "
        "and nothing in its module ever takes anything out again."
    ),
    harm=(
        "Memory and the time of each garbage collection grow with what comes, for as long as the "
        "server lives; in the end the node runs out of memory. A restart loses it all at once."
    ),
    remedy=(
        "Say what ends an entry: a limit (`Enum.take/2`, a ring buffer), an age and a periodic "
        "sweep, or the end of the process it is about (`Process.monitor/1`). What must be kept for "
        "good belongs in a database."
    ),
    triggers=(b"GenServer", b"Agent", b"GenStage", b":gen_server"),
    check_project=check,
    bad=(
        Sample("""\
defmodule Shop.Audit do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def note(event), do: GenServer.cast(__MODULE__, {:note, event})
  def init(_), do: {:ok, %{events: [], since: System.os_time()}}
  def handle_cast({:note, event}, state), do: {:noreply, %{state | events: [event | state.events]}}
  def handle_call(:events, _from, state), do: {:reply, state.events, state}
end
"""),
        Sample("""\
defmodule Shop.Seen do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{} end, name: __MODULE__)
  def visit(user, page), do: Agent.update(__MODULE__, fn seen -> Map.put(seen, user, page) end)
  def last(user), do: Agent.get(__MODULE__, & &1[user])
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Audit do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def init(_), do: {:ok, %{last: nil, count: 0}}

  def handle_cast({:note, event}, state) do
    {:noreply, %{state | last: event, count: state.count + 1}}
  end
end
"""),
        Sample("""\
defmodule Shop.Switches do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def init(_), do: {:ok, %{}}

  def handle_cast({:set, name, value}, state) when name in [:night, :holiday] do
    {:noreply, Map.put(state, name, value)}
  end
end
"""),
        Sample("""\
defmodule Shop.Basket do
  use GenServer
  def start_link(user), do: GenServer.start_link(__MODULE__, user)
  def init(user), do: {:ok, %{user: user, items: []}}
  def handle_cast({:add, item}, state), do: {:noreply, %{state | items: [item | state.items]}}
end
"""),
    ),
    exemptions=(
        Exemption(
            "cut",
            "something in the module removes entries, replaces them or ends the server, or another "
            "module changes the state of the Agent",
            Sample("""\
defmodule Shop.Audit do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def init(_), do: {:ok, %{events: []}}
  def handle_cast({:note, event}, state), do: {:noreply, %{state | events: [event | state.events]}}
  def handle_info(:flush, state), do: {:noreply, %{state | events: []}}
end
"""),
        ),
    ),
)
