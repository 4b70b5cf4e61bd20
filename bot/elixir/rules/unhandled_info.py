"""Messages that a server's own code asks for, with no clause that takes them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.finding import Confidence, Severity
from bot.elixir.arrivals import Arrival, accepts, arrivals, exit_arrival, takes_messages
from bot.elixir.awaiting import AWAITS, awaited
from bot.elixir.context import is_platform
from bot.elixir.module import Module
from bot.elixir.reach import BUSY, Reached, is_server, reached_from_callbacks
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.own_program import runs_own_program
from bot.elixir.rules.parts.route import route
from bot.elixir.trapping import is_trap_flag
from bot.elixir.ways import always_stops

_RUNNING = BUSY - {("terminate", 2)}
_OF_A_CLIENT = {("mount", 3), ("join", 3), ("handle_params", 3), ("handle_event", 3)} | {
    ("handle_in", 3),
    ("handle_info", 2),
}
"""Callbacks of a live view or a channel: a server of one client."""
_TASK = "Task.Supervisor.async_nolink"
_MONITORS = ("Process.monitor", ":erlang.monitor")
_WITH_DEFAULT = ("GenServer", "GenStage", "GenStateMachine")
_QUIET = frozenset({*_WITH_DEFAULT, "Bitwise", "TypedStruct", "Ecto.Schema", "Retry"})
"""Modules whose `use` brings no clause for messages of the module's own making."""
_KNOWN = _QUIET | {"Phoenix.LiveView", "Phoenix.LiveComponent", "Phoenix.Channel", "Supervisor"}
"""Modules whose `use` adds nothing to clauses that are written out."""
_AT_START = ("init", "handle_continue")
_MINOR: tuple[Severity | None, Confidence | None] = ("info", "medium")
_TOGETHER = (
    "the message matches no clause: the server ends with the socket that it opened as it started, "
    "but by a crash"
)


def check(module: Module) -> Iterator[Site | Exempt]:
    """The first source of each kind of message that the server has no clause for."""
    server = is_server(module)
    known = server or ("handle_info", 2) in module.functions
    if not known or not _known_clauses(module):
        return
    seen: set[str] = set()
    steps = reached_from_callbacks(module, _RUNNING if server else _OF_A_CLIENT)
    traps = any(is_trap_flag(call) for step in steps for call in step.clause.calls)
    for step in steps:
        for arrival in _arrivals(step, traps):
            if arrival.shown not in seen and not accepts(module, arrival.message):
                seen.add(arrival.shown)
                yield _judge(arrival, step)


def _known_clauses(module: Module) -> bool:
    """Whether all clauses for messages stand here, or the default of the behaviour is known."""
    if module.implements(":gen_statem") or module.implements("GenStateMachine"):
        return ("handle_event", 4) in module.functions
    if takes_messages(module):
        return True
    uses = {use.name for use in module.uses}
    return bool(uses & set(_WITH_DEFAULT)) and uses <= _QUIET


def _arrivals(step: Reached, traps: bool) -> Iterator[Arrival]:
    for call in step.clause.calls:
        if call.runs_in or call.deferred:
            continue
        yield from arrivals(call)
        linked = exit_arrival(call) if traps else None
        if linked is not None:
            yield linked


def _judge(arrival: Arrival, step: Reached) -> Site | Exempt:
    module, call = step.clause.function.module, arrival.call
    span = Span.of(module, call.node)
    if is_platform(module):
        return Exempt(span, "platform")
    if call.full == _TASK and (awaited(call, step.clause) or _awaits_elsewhere(module)):
        return Exempt(span, "awaited")
    if call.full in _MONITORS and _released(step):
        return Exempt(span, "released")
    if call.full == "Port.open" and runs_own_program(call, step.clause):
        return Exempt(span, "own-program")
    if step.origin.name == "init" and step.clause.mentions(b":ignore"):
        return Exempt(span, "ends-at-once")
    if not step.path and always_stops(step.clause, call.node):
        return Exempt(span, "last-message")
    defined = takes_messages(module)
    together = defined and arrival.tells_end and step.origin.name in _AT_START
    severity, confidence = _MINOR if together else _weight(arrival, defined)
    unseen = defined and any(use.name not in _KNOWN for use in module.uses)
    brings = "brings" if arrival.own else "can bring"
    return Site(
        span,
        f"`{call.name}` {brings} `{arrival.shown}`, and no clause of this module takes it",
        because=(*route(step), Because(span, _TOGETHER if together else _note(defined, unseen))),
        severity=severity,
        confidence="medium" if unseen else confidence,
        data={"call": call.full, "message": arrival.shown},
    )


def _awaits_elsewhere(module: Module) -> bool:
    """`Task.shutdown` only takes what it finds, of the one task it ends."""
    waits = AWAITS - {"Task.shutdown"}
    return any(c.full in waits for clause in module.clauses_with(b"Task.") for c in clause.calls)


def _released(step: Reached) -> bool:
    """Whether the same clause gives the monitor up again."""
    return any(c.full in ("Process.demonitor", ":erlang.demonitor") for c in step.clause.calls)


def _weight(arrival: Arrival, defined: bool) -> tuple[Severity | None, Confidence | None]:
    if defined or arrival.own:
        return None, None
    return _MINOR


def _note(defined: bool, unseen: bool) -> str:
    if unseen:
        return "unless a module that is used here brings a clause, the message crashes the server"
    if defined:
        return "the message matches no clause, so it crashes the server"
    return "the behaviour's default only logs the message as an error and drops it"


RULE = Rule(
    id="unhandled-info",
    title="Message that no clause takes",
    category="messaging",
    stage=1,
    severity="warning",
    confidence="high",
    fix="advice",
    explanation=(
        "A server's callback asks for messages (by a monitor, a task, a timer, a port, a link "
        "while it traps exits, a message to itself), and neither `handle_info/2` nor a `receive` "
        "of the module has a clause for them."
    ),
    harm=(
        "Where the module defines `handle_info/2`, the message is a `FunctionClauseError`, and the "
        "server is gone with its state. Where it defines none, `use GenServer` logs the message as "
        "an error and drops it: the end of a process or a tick goes unnoticed."
    ),
    remedy=(
        "Add a clause for the message, or do not ask for it. A task of `async_nolink` sends "
        "`{ref, result}`, then `{:DOWN, ref, ...}` unless `Process.demonitor(ref, [:flush])` takes "
        "it away. While a server traps exits, each linked process and port that ends sends it "
        "`{:EXIT, from, reason}`, also after `Task.await/2` and `System.cmd/3`."
    ),
    triggers=(b"handle_", b"GenServer", b"GenStage"),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Desk do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_call({:join, pid}, _from, state) do
    {:reply, :ok, Map.put(state, Process.monitor(pid), pid)}
  end

  def handle_info(:tick, state), do: {:noreply, state}
end
"""),
        Sample("""\
defmodule Shop.Sweeper do
  use GenServer

  def init(state) do
    schedule()
    {:ok, state}
  end

  def handle_info(:clean, state) do
    schedule()
    {:noreply, state}
  end

  defp schedule, do: Process.send_after(self(), :sweep, 1_000)
end
"""),
        Sample("""\
defmodule Shop.Labels do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end

  def handle_call({:print, file}, _from, state) do
    {_, status} = System.cmd("lp", [file])
    {:reply, status, state}
  end

  def handle_info(:flush, state), do: {:noreply, state}
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Desk do
  use GenServer
  @sweep {:sweep, :all}

  def init(state) do
    Process.send_after(self(), @sweep, 1_000)
    {:ok, state}
  end

  def handle_call({:join, pid}, _from, state) do
    {:reply, :ok, Map.put(state, Process.monitor(pid), pid)}
  end

  def handle_info({:DOWN, ref, :process, _pid, _reason}, state) do
    {:noreply, Map.delete(state, ref)}
  end

  def handle_info({:sweep, _what}, state), do: {:noreply, state}
end
"""),
        Sample("""\
defmodule Shop.Ticker do
  use GenServer

  def init(state) do
    send(self(), :begin)
    {:ok, state}
  end

  def handle_info(message, state), do: {:noreply, [message | state]}
end
"""),
        Sample("""\
defmodule Shop.Once do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_call({:wait_for, pid}, _from, state) do
    ref = Process.monitor(pid)

    receive do
      {:DOWN, ^ref, :process, _pid, reason} -> {:reply, reason, state}
    after
      1_000 -> {:reply, :timeout, state}
    end
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "awaited",
            "the module awaits its tasks, which takes both messages",
            Sample("""\
defmodule Shop.Totals do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_call(:total, _from, state) do
    task = Task.Supervisor.async_nolink(Shop.Tasks, fn -> Enum.sum(state) end)
    {:reply, Task.await(task, 1_000), state}
  end

  def handle_info({:DOWN, _, _, _, _}, state), do: {:noreply, state}
end
"""),
        ),
        Exemption(
            "own-program",
            "the port runs a program that the application brings along, and no option says how its "
            "output is to come: whether it prints anything is not seen",
            Sample("""\
defmodule Shop.Printer do
  use GenServer

  def init(desk) do
    script = Application.app_dir(:shop) <> "/priv/print.sh"
    {:ok, Port.open({:spawn, "#{script} #{desk}"}, [])}
  end
end
"""),
        ),
        Exemption(
            "released",
            "the same clause gives the monitor up again",
            Sample("""\
defmodule Shop.Desk do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_call({:ask, pid}, _from, state) do
    ref = Process.monitor(pid)
    answer = Shop.Wire.ask(pid, ref)
    Process.demonitor(ref, [:flush])
    {:reply, answer, state}
  end
end
"""),
        ),
        Exemption(
            "ends-at-once",
            "`init/1` can return `:ignore`: then the process ends before any message comes",
            Sample("""\
defmodule Shop.Migration do
  use GenServer

  def init(shop) do
    Task.Supervisor.async_nolink(Shop.Tasks, fn -> shop end)
    :ignore
  end

  def handle_info({ref, _}, state) when is_reference(ref), do: {:noreply, state}
end
"""),
        ),
        Exemption(
            "last-message",
            "each way of the callback that goes on from there stops the server, which then reads "
            "no message any more",
            Sample("""\
defmodule Shop.Order do
  use GenServer
  def init(state), do: {:ok, state}

  def handle_info({:failed, reason}, state) do
    Task.Supervisor.async_nolink(Shop.Tasks, fn -> Shop.Mail.send(state.owner, reason) end)
    {:stop, :normal, state}
  end

  def handle_info({:DOWN, _, _, _, _}, state), do: {:noreply, state}
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, which knows what arrives when",
            Sample(
                """\
defmodule Logger.Watch do
  use GenServer

  def init(pid) do
    Process.monitor(pid)
    {:ok, pid}
  end
end
""",
                path="lib/logger/lib/logger/watch.ex",
            ),
        ),
    ),
)
