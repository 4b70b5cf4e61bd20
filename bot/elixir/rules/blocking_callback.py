"""A server's callback that waits for something slow."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.blocking import WEIGHTS, Blocking, by_clause
from bot.elixir.calls import Call
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.reach import Reached, is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.callback_waits import (
    answers_calls,
    is_logged,
    weight_of,
)
from bot.elixir.rules.parts.excused_waits import excuse
from bot.elixir.rules.parts.only_request import is_planned_for
from bot.elixir.rules.parts.route import also, route
from bot.elixir.rules.parts.wait_limits import longest
from bot.elixir.serving import Patience, patience, serving, undecided

_LEVEL = "it runs only for an argument of `Logger.debug`: where that level is logged"
_PATIENCE = 5_000
"""Milliseconds after which a call without a timeout of its own exits."""
_WAITING: dict[Patience, str] = {
    "endless": "; this module's client functions wait without an end",
    "five seconds": "; this module's client functions exit after 5 seconds",
    "unknown": ", up to the timeout of its call",
}


def starts(project: Project) -> list[str]:
    """Files that could hold a callback."""
    return project.lib_holding(b"handle_")


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every blocking call that a callback makes, itself or through the module's own functions."""
    for module in project.modules_in(path):
        if is_server(module):
            for group in by_clause(serving(module)):
                yield _judge(group, module, project)


def _judge(
    group: list[tuple[Blocking, Reached]], module: Module, project: Project
) -> Site | Exempt:
    waits, step = min(group, key=lambda pair: (is_logged(*pair), WEIGHTS.index(pair[0].kind)))
    span = Span.of(module, waits.call.node)
    exemption = excuse(waits, step, module, project)
    if exemption:
        return Exempt(span, exemption)
    severity, confidence = weight_of(waits, step, module)
    if severity is None and is_planned_for(step, module):
        severity, confidence = "info", "medium"
    unsure = undecided(step)
    doubts = [*_doubt(unsure), *([Because(span, _LEVEL)] if is_logged(waits, step) else ())]
    limit = longest(waits, step) if len(group) == 1 else None
    return Site(
        span,
        f"`{step.origin.label}` blocks on {waits.title}: `{waits.call.full}`",
        because=(*route(step), *doubts, *_notes(waits, span, module, limit), *also(group, waits)),
        severity=severity,
        confidence="low" if unsure else confidence,
        data={"call": waits.call.full, "kind": waits.kind, "callback": step.origin.label},
    )


def _doubt(call: Call | None) -> Iterator[Because]:
    if call is not None:
        span = Span.of(call.owner, call.node)
        yield Because(span, f"it does so only where `{call.name}` is given what that clause is for")


def _notes(waits: Blocking, span: Span, module: Module, limit: int | None) -> Iterator[Because]:
    if waits.endless:
        yield Because(span, "it has no time limit of its own")
    if limit is not None and limit < _PATIENCE:
        waiting = f", up to {limit} ms"
    else:
        waiting = _WAITING[patience(module)]
    yield Because(
        span,
        "whoever calls this server meanwhile waits" + waiting
        if answers_calls(module)
        else "meanwhile the server takes no other message",
    )


RULE = Rule(
    id="blocking-callback",
    title="Blocking callback",
    category="blocking",
    stage=3,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A callback of a server waits for a query, a request, a program, a sleep or "
        "another process."
    ),
    harm=(
        "A server handles one message at a time. While it waits, all its callers wait, up to "
        "their timeouts: one "
        "slow dependency makes everything slow that asks this server anything."
    ),
    remedy=(
        "Do the work in the caller where it needs no server state. Else start a task by "
        "`Task.Supervisor.async_nolink`, return `{:noreply, state}`, and reply by "
        "`GenServer.reply/2` when its "
        "result arrives."
    ),
    triggers=(b"handle_",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Rates do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call({:rate, currency}, _from, state) do
    {:reply, fetch(currency), state}
  end

  defp fetch(currency), do: Req.get!("https://rates.example/" <> currency)
end
"""),
        Sample("""\
defmodule Shop.Stock do
  use GenServer
  alias Shop.{Item, Repo}

  def init(state), do: {:ok, state}
  def handle_call(:count, _from, state), do: {:reply, map_size(state), state}

  def handle_info(:reload, _state) do
    items = Item |> Repo.all()
    {:noreply, Map.new(items, &{&1.id, &1})}
  end
end
"""),
        Sample("""\
defmodule Backup do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call(:run, _from, state) do
    {_output, status} = System.cmd("pg_dump", ["shop"])
    {:reply, status, state}
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Rates do
  use GenServer

  def rate(currency), do: Req.get!("https://rates.example/" <> currency)
  def init(state), do: {:ok, state}
  def handle_call(:all, _from, state), do: {:reply, state, state}
end
"""),
        Sample("""\
defmodule ShopWeb.Live do
  use Phoenix.LiveView

  def handle_event("save", params, socket) do
    {:noreply, assign(socket, :item, Shop.Repo.insert!(params))}
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "one-caller",
            "the server has no name and does one thing, and one line of the project asks it, "
            "without a limit of time: it waits for this very work",
            Sample("""\
defmodule Shop.Invoice do
  use GenServer

  def start_link(order), do: GenServer.start_link(__MODULE__, order)
  def write(pid), do: GenServer.call(pid, :write, :infinity)
  def init(order), do: {:ok, order}
  def handle_call(:write, _from, order), do: {:reply, Shop.Repo.insert!(order), order}
  def handle_call(_other, _from, order), do: {:reply, :ignored, order}
end

defmodule Shop.Desk do
  def bill(pid), do: Shop.Invoice.write(pid)
end
"""),
        ),
        Exemption(
            "gate",
            "the server does nothing but make its callers wait for one another, and they ask for "
            "that without a limit of time",
            Sample("""\
defmodule Shop.Gate do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def pass, do: GenServer.call(__MODULE__, :pass, :infinity)
  def init(state), do: {:ok, state}

  def handle_call(:pass, _from, state) do
    Process.sleep(1_000)
    {:reply, :ok, state}
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

  def init(state), do: {:ok, state}
  def handle_call(:all, _from, state), do: {:reply, Shop.Repo.all(:stock), state}
end
""",
                }
            ),
        ),
        Exemption(
            "pool-worker",
            "a pool lends it to one caller at a time, and that one wants the work done: nobody "
            "else waits for it",
            Sample(
                files={
                    "lib/printer.ex": """\
defmodule Shop.Printer do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call({:print, bill}, _from, state) do
    {output, 0} = System.cmd("lp", [bill])
    {:reply, output, state}
  end
end
""",
                    "lib/printers.ex": """\
defmodule Shop.Printers do
  def child_spec(_) do
    :poolboy.child_spec(:printers, name: {:local, :printers}, worker_module: Shop.Printer)
  end
end
""",
                }
            ),
        ),
        Exemption(
            "stated-reason",
            "a comment on the way says that it is done here and now on purpose",
            Sample("""\
defmodule Shop.Till do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call(:close, _from, state) do
    # inline, and not by the task: who asks wants to read the rows after this
    store(state)
    {:reply, :ok, []}
  end

  defp store(rows), do: Shop.Repo.insert_all(Shop.Sale, rows)
end
"""),
        ),
        Exemption(
            "other-process",
            "a task waits; the server goes on",
            Sample("""\
defmodule Rates do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call({:rate, url}, from, state) do
    Task.Supervisor.start_child(Rates.Tasks, fn -> GenServer.reply(from, Req.get!(url)) end)
    {:noreply, state}
  end
end
"""),
        ),
        Exemption(
            "continue",
            "work that `init/1` puts off belongs into `handle_continue/2`, or an internal event",
            Sample("""\
defmodule Rates do
  use GenServer

  def init(url), do: {:ok, url, {:continue, :load}}
  def handle_continue(:load, url), do: {:noreply, Req.get!(url)}
  def handle_call(:rate, _from, rate), do: {:reply, rate, rate}
end
"""),
        ),
        Exemption(
            "no-clients",
            "a worker that only ticks, or casts to itself alone, has no callers who could wait",
            Sample("""\
defmodule Sweeper do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_info(:sweep, state) do
    Shop.Repo.delete_all(Shop.Session)
    {:noreply, state}
  end
end
"""),
        ),
        Exemption(
            "last-work",
            "each way from there ends the server: it does not serve any more",
            Sample("""\
defmodule Shop.Order do
  use GenServer

  def init(state), do: {:ok, state}
  def handle_call(:total, _from, state), do: {:reply, state.total, state}

  def handle_info(:paid, state) do
    Shop.Repo.insert!(state)
    {:stop, :normal, state}
  end
end
"""),
        ),
        Exemption(
            "own-task",
            "it awaits its own task for a limited time, and answers no calls: nobody waits for it",
            Sample("""\
defmodule Shop.Flusher do
  use GenServer

  def init(state), do: {:ok, state}
  def handle_cast(:later, state), do: {:noreply, state}

  def handle_info(:flush, state) do
    task = Task.async(fn -> Shop.Metrics.flush() end)
    Task.await(task, 10_000)
    {:noreply, state}
  end
end
"""),
        ),
        Exemption(
            "itself",
            "a server that asks itself is worse than slow, and `call-to-self` tells of it",
            Sample("""\
defmodule Till do
  use GenServer

  def init(state), do: {:ok, state}
  def handle_call(:count, _from, state), do: {:reply, length(state), state}

  def handle_call(:double, _from, state) do
    {:reply, 2 * GenServer.call(__MODULE__, :count), state}
  end
end
"""),
        ),
        Exemption(
            "late-result",
            "it yields for a given time only, and takes a later result as a message",
            Sample("""\
defmodule Rates do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call({:rate, url}, _from, state) do
    task = Task.Supervisor.async_nolink(Rates.Tasks, Rates.Source, :fetch, [url])

    case Task.yield(task, 100) do
      {:ok, rate} -> {:reply, rate, state}
      _ -> {:reply, nil, state}
    end
  end

  def handle_info({ref, rate}, state) when is_reference(ref), do: {:noreply, [rate | state]}
end
"""),
        ),
        Exemption(
            "stage-work",
            "a stage does its work in this callback, and back-pressure makes its producer wait",
            Sample("""\
defmodule Writer do
  use GenStage

  def init(state), do: {:consumer, state}

  def handle_events(rows, _from, state) do
    Shop.Repo.insert_all(Shop.Row, rows)
    {:noreply, [], state}
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

  def init(state), do: {:ok, state}

  def handle_call(:check, _from, _state) do
    IO.puts("bad configuration")
    Process.sleep(500)
    System.halt(1)
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests has no callers in production",
            Sample("""\
defmodule Shop.Testing.SlowServer do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call({:wait, milliseconds}, _from, state) do
    Process.sleep(milliseconds)
    {:reply, :ok, state}
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, with one caller that waits for it on purpose",
            Sample(
                """\
defmodule IEx.Shellout do
  use GenServer

  def init(state), do: {:ok, state}
  def handle_call({:run, command}, _from, state), do: {:reply, System.cmd(command, []), state}
end
""",
                path="lib/iex/lib/iex/shellout.ex",
            ),
        ),
    ),
)
