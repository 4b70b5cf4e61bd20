"""`Task.Supervisor.async` in a server: supervised by name, linked all the same."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.awaiting import awaited
from bot.elixir.calls import Call
from bot.elixir.messages import handles_task_reply, traps_exits
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import Reached, is_server, reached_from, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.route import route
from bot.elixir.trapping import trap_flags

ASYNC = "Task.Supervisor.async"


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every linked supervised task that a server starts from its callbacks."""
    if not is_server(module):
        return
    for step in reached_from_callbacks(module):
        for call in step.clause.calls if step.clause.mentions(b"async") else ():
            if call.full == ASYNC and not call.in_quote and not call.runs_in:
                yield _judge(call, step)


def _judge(call: Call, step: Reached) -> Site | Exempt:
    module = step.clause.function.module
    span = Span.of(module, call.node)
    if awaited(call, step.clause):
        return Exempt(span, "awaited")
    if traps_exits(module):
        return Exempt(span, "exits-handled")
    replies = "handled" if handles_task_reply(module) else "ignored"
    trapped = next(trap_flags(module), None) is not None
    knows = None if trapped else _looks_up(module)
    more = (Because(Span.of(module, knows.node), _LOOKS_UP),) if knows is not None else ()
    return Site(
        span,
        "`Task.Supervisor.async` links the task to this server",
        because=(
            *route(step),
            Because(span, _TRAPPED if trapped else _LINKED),
            *more,
        ),
        severity="info" if trapped else None,
        confidence="medium" if trapped else None,
        fix="assisted" if more else None,
        data={"call": call.full, "arity": str(call.arity), "replies": replies},
    )


def _looks_up(module: Module) -> Call | None:
    """What raises in the `:DOWN` clause for a reference that it does not know: without the link the
    crash comes there, which now goes another way.
    """
    info = module.functions.get(("handle_info", 2))
    taking = [c for c in info.clauses if _takes_any_down(c)] if info is not None else []
    if info is None or not taking:
        return None
    steps = reached_from(info, taking)
    return next((c for step in steps for c in step.clause.calls if c.full in _RAISES), None)


def _takes_any_down(clause: Clause) -> bool:
    """Whether it takes the end of a process whatever the reason."""
    message = clause.params[0]
    parts = message.named_children if message.type == "tuple" else []
    return len(parts) == 5 and text(parts[0]) == ":DOWN" and parts[4].type == "identifier"


_RAISES = frozenset({"Map.fetch!", "Map.pop!", "Map.update!", "Keyword.fetch!", ":maps.get"})
_LOOKS_UP = "without the link a crash comes to this look-up, which raises for what it lacks"
_LINKED = "a crash of the task is a crash of the server, and its state is lost"
_TRAPPED = "exits are trapped here: a crash of the task comes as an `:EXIT` that no clause names"

RULE = Rule(
    id="linked-supervised-async",
    title="Linked task in a server",
    category="unsupervised-process",
    stage=1,
    severity="warning",
    confidence="high",
    fix="automatic",
    explanation=(
        "A server starts a task by `Task.Supervisor.async`, which links the task to "
        "the server, and does not wait for it."
    ),
    harm=(
        "The link runs both ways: where exits are not trapped, one failing job takes the server "
        "down with its state, and so the other jobs that it has started in this way."
    ),
    remedy=(
        "Use `Task.Supervisor.async_nolink`, keep the task's reference in the state, and "
        "handle its reply and its "
        "`:DOWN` message."
    ),
    triggers=(b"Task.Supervisor", b"Task.{"),
    check=check,
    bad=(
        Sample("""\
defmodule Reports do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_cast({:build, id}, state) do
    task = Task.Supervisor.async(Reports.Tasks, fn -> build(id) end)
    {:noreply, Map.put(state, task.ref, id)}
  end

  def handle_info({ref, _report}, state) do
    Process.demonitor(ref, [:flush])
    {:noreply, Map.delete(state, ref)}
  end

  defp build(id), do: id
end
"""),
        Sample("""\
defmodule Crawler do
  use GenServer
  alias Task.Supervisor, as: Jobs

  def init(state), do: {:ok, state}
  def handle_info(:tick, state), do: {:noreply, crawl(state)}

  defp crawl(state) do
    Enum.each(state.pages, fn page -> Jobs.async(Crawler.Tasks, __MODULE__, :fetch, [page]) end)
    state
  end

  def fetch(page), do: page
end
"""),
    ),
    good=(
        Sample("""\
defmodule Reports do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_cast({:build, id}, state) do
    task = Task.Supervisor.async_nolink(Reports.Tasks, fn -> id end)
    {:noreply, Map.put(state, task.ref, id)}
  end

  def handle_info({ref, _report}, state) do
    Process.demonitor(ref, [:flush])
    {:noreply, Map.delete(state, ref)}
  end

  def handle_info({:DOWN, ref, :process, _pid, _reason}, state) do
    {:noreply, Map.delete(state, ref)}
  end
end
"""),
        Sample("""\
defmodule Quotes do
  def all(ids) do
    ids
    |> Enum.map(fn id -> Task.Supervisor.async(Quotes.Tasks, fn -> id end) end)
    |> Task.await_many(5_000)
  end
end
"""),
        Sample("""\
defmodule Reports do
  use GenServer

  @doc "Runs in the caller."
  def build(id), do: Task.Supervisor.async(Reports.Tasks, fn -> id end)

  def init(state), do: {:ok, state}
end
"""),
    ),
    exemptions=(
        Exemption(
            "awaited",
            "the callback waits for the task, so the link only spares work that nobody wants "
            "any more",
            Sample("""\
defmodule Totals do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call(:total, _from, state) do
    tasks = Enum.map(state, fn n -> Task.Supervisor.async(Totals.Tasks, fn -> n end) end)
    {:reply, Enum.sum(Task.await_many(tasks, 1_000)), state}
  end
end
"""),
        ),
        Exemption(
            "exits-handled",
            "the server traps exits and handles the exit of its task",
            Sample("""\
defmodule Totals do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end

  def handle_cast({:add, n}, state) do
    Task.Supervisor.async(Totals.Tasks, fn -> n end)
    {:noreply, state}
  end

  def handle_info({:EXIT, _pid, _reason}, state), do: {:noreply, state}
end
"""),
        ),
    ),
)
