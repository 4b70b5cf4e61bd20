"""Tasks nobody supervises: `Task.start`, `Task.start_link`, and `Task.async` that nobody awaits."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.core.finding import FixKind, Severity
from bot.elixir import nodes
from bot.elixir.awaiting import AWAITS, awaited, returned
from bot.elixir.calls import Call
from bot.elixir.context import (
    is_command_line,
    is_example,
    is_platform,
    is_test_support,
    never_ships,
)
from bot.elixir.messages import handles, handles_task_reply, tells_exits_apart, traps_exits
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import is_callback, runs_in_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.drop_in import is_drop_in
from bot.elixir.rules.parts.ending import starts_the_end
from bot.elixir.rules.parts.folding import Said, folded
from bot.elixir.rules.parts.init_job import starts_again
from bot.elixir.rules.parts.job import only_logs
from bot.elixir.rules.parts.stated_reasons import says_it_may_be_lost
from bot.elixir.rules.parts.task_use import hands_on_task, is_kept
from bot.elixir.rules.parts.task_verdicts import VERDICTS
from bot.elixir.trapping import trap_flags

_MONITORS = frozenset({"Process.monitor", ":erlang.monitor"})
TASKS = frozenset({"Task.start", "Task.start_link", "Task.async"})


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every unsupervised start of a task in the module; in a function those alike, whose reply its
    server takes, once.
    """
    yield from folded(_starts(module), "this one too")


def _starts(module: Module) -> Iterator[Said]:
    for clause in module.clauses_with(b"Task"):
        for call in clause.calls:
            if call.full in TASKS and not call.in_quote:
                found = _judge(call, clause)
                alike = ""
                if isinstance(found, Site) and call.name == "async" and found.severity:
                    alike = found.because[0].note if handles_task_reply(module) else ""
                yield clause.function, alike, found


def _judge(call: Call, clause: Clause) -> Site | Exempt:
    span = Span.of(clause.function.module, call.node)
    exemption = _exemption(call, clause)
    if exemption:
        return Exempt(span, exemption)
    message, note, severity = VERDICTS[call.name](call, clause)
    left_out = never_ships(clause.node) or is_example(clause.function.module)
    return Site(
        span,
        message,
        because=(Because(span, note),),
        severity="info" if left_out else severity,
        confidence="medium" if severity == "info" or call.name != "start" else None,
        fix=_fix(call, clause, severity),
        data={"call": call.full, "arity": str(call.arity)},
    )


def _fix(call: Call, clause: Clause, severity: Severity | None) -> FixKind | None:
    if call.name == "start":
        # A supervisor's job belongs into its list: a task supervisor may start only after it.
        return "advice" if severity == "info" else None
    # A server's job whose answer nobody waits for: without the link nothing is missed.
    unread = call.name == "async" and severity is None and runs_in_server(clause)
    return None if unread else "assisted"


def _exemption(call: Call, clause: Clause) -> str:
    module = clause.function.module
    if is_platform(module):
        return "platform"
    if is_drop_in(call, clause):
        return "drop-in"
    if is_command_line(clause) and call.name != "async":
        return "command-line"
    if call.name == "start":
        if says_it_may_be_lost(call):
            return "stated"
        return "ending" if starts_the_end(call) else "log-line" if only_logs(call) else ""
    if is_test_support(module):
        return "test-support"
    if call.name == "start_link":
        if _is_start_function(call, clause):
            return "start-link"
        if starts_again(clause):
            return "starts-again"
        return "handled" if runs_in_server(clause) and _is_told_of_end(call, clause) else ""
    if call.name != "async":
        return ""
    if awaited(call, clause):
        return "awaited"
    if is_kept(call) and _awaits(module) and not handles_task_reply(module):
        return "awaited"
    if returned(call, clause) and not is_callback(clause.function):
        return "returned"
    if hands_on_task(call, clause):
        return "handed-on"
    if not handles_task_reply(module):
        return ""
    if starts_again(clause):
        return "starts-again"
    return "handled" if runs_in_server(clause) and traps_exits(module) else ""


def _awaits(module: Module) -> bool:
    return any(c.full in AWAITS for clause in module.clauses_with(b"Task.") for c in clause.calls)


def _is_told_of_end(call: Call, clause: Clause) -> bool:
    """Whether the server outlives a crash of what it has linked to, and takes it as a message."""
    module = clause.function.module
    if next(trap_flags(module), None) is None:
        return False
    watches = any(c.full in _MONITORS and c.start > call.start for c in clause.calls)
    return (watches and handles(module, ":DOWN")) or tells_exits_apart(module)


def _is_start_function(call: Call, clause: Clause) -> bool:
    """Whether a supervisor calls this function: its last expression starts the task."""
    name = clause.function.name
    if name.startswith("start_link") or (
        name.startswith("start") and _is_last(call.statement, clause)
    ):
        return True
    return call.captured


def _is_last(node: Node, clause: Clause) -> bool:
    body = nodes.statements(clause.body)
    return bool(body) and nodes.contains(body[-1], node)


RULE = Rule(
    id="unsupervised-task",
    title="Task without a supervisor",
    category="unsupervised-process",
    stage=1,
    severity="warning",
    confidence="high",
    fix="automatic",
    fix_needs_app=True,
    explanation=(
        "A task is started by `Task.start`, `Task.start_link` or `Task.async`, "
        "outside any supervisor, and nobody waits for it."
    ),
    harm=(
        "A crash of the task stays hidden from the code that wanted the work done, or, linked, "
        "ends that code's process unless it traps exits. An answer nobody awaits comes as an "
        "unread message."
    ),
    remedy=(
        "Start fire-and-forget work with `Task.Supervisor.start_child/2`. In a server use "
        "`Task.Supervisor.async_nolink/2`, keep the reference, and handle `{ref, result}` "
        "and `:DOWN`."
    ),
    triggers=(b"Task",),
    check=check,
    bad=(
        Sample("""\
defmodule Signup do
  def register(user) do
    Task.start(fn -> welcome(user) end)
    {:ok, user}
  end

  defp welcome(user), do: user
end
"""),
        Sample("""\
defmodule Thumbnails do
  use GenServer

  def init(state), do: {:ok, state}

  def handle_cast({:make, image}, state) do
    Task.async(fn -> resize(image) end)
    {:noreply, state}
  end

  defp resize(image), do: image
end
"""),
        Sample("""\
defmodule Orders do
  def close(order) do
    Task.async(fn -> notify(order) end)
    :ok
  end

  defp notify(order), do: order
end
"""),
    ),
    good=(
        Sample("""\
defmodule Signup do
  def register(user) do
    Task.Supervisor.start_child(Signup.Tasks, fn -> welcome(user) end)
    {:ok, user}
  end

  defp welcome(user), do: user
end
"""),
        Sample("""\
defmodule Sizes do
  def all(paths), do: paths |> Task.async_stream(&File.stat/1) |> Enum.to_list()
end
"""),
        Sample("""\
defmodule Chores do
  alias Chores.Task

  def begin(chore), do: Task.start(chore)
end
"""),
    ),
    exemptions=(
        Exemption(
            "stated",
            "a comment right above `Task.start` says that nothing is lost with the work, or that "
            "it may be: that is what the function is for",
            Sample("""\
defmodule Shop.Sweeper do
  def sweep(desk) do
    # Best effort: what is left on the desk now goes with the next sweep.
    Task.start(fn -> clear(desk) end)
  end

  defp clear(desk), do: desk
end
"""),
        ),
        Exemption(
            "awaited",
            "the function that starts the task waits for it, or a function it calls does, or "
            "another one of the module that keeps it",
            Sample("""\
defmodule Prices do
  def both(a, b) do
    task = Task.async(fn -> price(a) end)
    {price(b), collect(task)}
  end

  defp collect(task), do: Task.await(task, 2_000)
  defp price(item), do: item
end
"""),
        ),
        Exemption(
            "returned",
            "the task is handed to the caller, whose business it is to await it",
            Sample("""\
defmodule Prices do
  def later(item), do: {:ok, Task.async(fn -> price(item) end)}

  defp price(item), do: item
end
"""),
        ),
        Exemption(
            "handed-on",
            "the task is given to another module, whose business it is to await it",
            Sample("""\
defmodule Prices do
  def later(item) do
    task = Task.async(fn -> price(item) end)
    Shop.Waiting.add(task)
    :ok
  end

  defp price(item), do: item
end
"""),
        ),
        Exemption(
            "drop-in",
            "a function of the same name that hands on the work it is given: how the work is "
            "started is the caller's choice",
            Sample("""\
defmodule Shop.Task do
  def start(job) do
    Task.start(fn ->
      Shop.Trace.begin()
      job.()
    end)
  end
end
"""),
        ),
        Exemption(
            "handled",
            "the server traps exits and takes both the reply and the exit of its task as messages, "
            "or the end of one whose reply it does not need",
            Sample("""\
defmodule Builds do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end

  def handle_cast({:build, ref}, state) do
    task = Task.async(fn -> ref end)
    {:noreply, Map.put(state, task.ref, task)}
  end

  def handle_info({ref, _result}, state), do: {:noreply, Map.delete(state, ref)}
  def handle_info({:EXIT, _pid, _reason}, state), do: {:noreply, state}
end
"""),
        ),
        Exemption(
            "start-link",
            "the module's own start function: the supervisor that calls it is linked to the task",
            Sample("""\
defmodule Warmup do
  use Task

  def start_link(arg), do: Task.start_link(__MODULE__, :run, [arg])
  def run(arg), do: arg
end
"""),
        ),
        Exemption(
            "starts-again",
            "linked to its server and started in `init/1`, or in the `handle_continue/2` that "
            "always follows: a crash ends the server, whose restart starts the task again; a reply "
            "the server takes",
            Sample("""\
defmodule Shop.Prices do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)

  def init(arg) do
    Task.start_link(fn -> warm_up(arg) end)
    {:ok, arg}
  end

  defp warm_up(arg), do: arg
end
"""),
        ),
        Exemption(
            "log-line",
            "it only writes to the log: nothing is lost that a supervisor could save",
            Sample("""\
defmodule Shop.Visits do
  require Logger

  def note(page) do
    Task.start(fn -> Logger.info("seen: #{page}") end)
    :ok
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests, by a segment of the module's name: the link fails the test",
            Sample("""\
defmodule Shop.Mock do
  def answer(caller, reply) do
    Task.start_link(fn -> send(caller, check(reply)) end)
    :ok
  end

  defp check(reply), do: reply
end
"""),
        ),
        Exemption(
            "ending",
            "it stops or restarts the application, and under a supervisor would be stopped with it",
            Sample("""\
defmodule Shop.Control do
  def halt do
    Task.start(fn -> System.stop(0) end)
    :ok
  end
end
"""),
        ),
        Exemption(
            "command-line",
            "a Mix task, an escript or a release's command runs without the supervision tree",
            Sample("""\
defmodule Mix.Tasks.Ping do
  use Mix.Task

  def run(_args), do: Task.start(fn -> IO.puts("ping") end)
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, on which supervisors are built",
            Sample(
                """\
defmodule Mix.Work do
  def go(fun), do: Task.start(fun)
end
""",
                path="lib/mix/lib/mix/work.ex",
            ),
        ),
    ),
)
