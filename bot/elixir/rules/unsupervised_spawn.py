"""Raw `spawn`: a process nobody supervises."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.finding import FixKind
from bot.elixir.calls import Call
from bot.elixir.context import is_command_line, is_platform, is_test_support
from bot.elixir.messages import COWBOY_LOOP, traps_exits
from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.reach import is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.drop_in import is_drop_in
from bot.elixir.rules.parts.ending import starts_the_end
from bot.elixir.rules.parts.job import (
    only_ends_a_process,
    only_sends,
    only_waits_and_tells,
)
from bot.elixir.rules.parts.joined import is_joined
from bot.elixir.rules.parts.kept_pid import ended_by_field
from bot.elixir.rules.parts.spawn_ties import (
    has_option,
    is_monitored,
    is_sink,
    is_start_function,
    is_tied_to_caller,
    receives_after,
    waits_for_its_word,
)
from bot.elixir.rules.parts.spawn_verdicts import note, weight

SPAWNS = frozenset(
    {
        f"{module}.spawn{kind}"
        for module in ("Kernel", ":erlang")
        for kind in ("", "_link", "_monitor")
    }
    | {
        ":erlang.spawn_opt",
        "Process.spawn",
        ":proc_lib.spawn",
        ":proc_lib.spawn_link",
        ":proc_lib.spawn_opt",
    }
)


def starts(project: Project) -> list[str]:
    """Files that speak of it."""
    return project.lib_holding(b"spawn")


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Every raw spawn in a function of the file."""
    for module in project.modules_in(path):
        for clause in module.clauses_with(b"spawn"):
            for call in clause.calls:
                if call.full in SPAWNS and not call.in_quote and not call.captured:
                    yield _judge(call, clause, project)


def _judge(call: Call, clause: Clause, project: Project) -> Site | Exempt:
    span = Span.of(clause.function.module, call.node)
    exemption = _exemption(call, clause, project)
    if exemption:
        return Exempt(span, exemption)
    linked = has_option(call, "link")
    severity, confidence = weight(call, clause, linked)
    # Whether so little a job is worth a supervisor is for people to say, and whether one that
    # is waited for should rather be a task.
    plain = call.full in ("Kernel.spawn", ":erlang.spawn") and not (
        only_ends_a_process(call)
        or only_waits_and_tells(call)
        or ended_by_field(call, clause)
        or waits_for_its_word(call, clause)
        or receives_after(call, clause)
    )
    fix: FixKind | None = None if plain else "assisted"
    return Site(
        span,
        f"`{call.name}/{call.arity}` starts a process that no supervisor knows",
        because=(Because(span, note(call, clause, linked)),),
        severity=severity,
        confidence=confidence,
        fix=fix,
        data={"call": call.full, "arity": str(call.arity)},
    )


def _exemption(call: Call, clause: Clause, project: Project) -> str:
    module = clause.function.module
    if is_platform(module):
        return "platform"
    if is_test_support(module):
        return "test-support"
    if is_command_line(clause):
        return "command-line"
    if starts_the_end(call):
        return "ending"
    if has_option(call, "link") and is_start_function(call, clause):
        return "start-link"
    if is_drop_in(call, clause):
        return "drop-in"
    if is_monitored(call, clause):
        return "monitored"
    owns = is_server(module) or module.implements(COWBOY_LOOP)
    if has_option(call, "link") and owns and traps_exits(module):
        return "handled"
    if clause.function.label == "terminate/2" and only_sends(call):
        return "farewell"
    if call.module == ":erlang" and call.name != "spawn_opt" and call.arity in (2, 4):
        return "remote-node"
    if has_option(call, "link") and is_sink(call):
        return "sink"
    if is_tied_to_caller(call, clause, project):
        return "tied-to-caller"
    return "joined" if has_option(call, "link") and is_joined(call, clause) else ""


RULE = Rule(
    id="unsupervised-spawn",
    title="Raw spawn",
    category="unsupervised-process",
    stage=1,
    severity="warning",
    confidence="high",
    fix="automatic",
    fix_needs_app=True,
    explanation=(
        "A process is started by `spawn`, `spawn_link` or a relative of theirs, "
        "outside any supervisor."
    ),
    harm=(
        "No supervisor restarts it after a crash, and none stops it in order. "
        "The process is in no tree, so it can neither be counted nor limited."
    ),
    remedy=(
        "Start one-off work with `Task.Supervisor.start_child/2`; give long-running work a "
        "module with a child "
        "spec and put it under a supervisor."
    ),
    triggers=(b"spawn",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample("""\
defmodule Mailer do
  def notify(user) do
    spawn(fn -> deliver(user) end)
    :ok
  end

  defp deliver(user), do: user
end
"""),
        Sample("""\
defmodule Importer do
  def run(rows), do: :erlang.spawn(__MODULE__, :load, [rows])

  def load(rows), do: rows
end
"""),
        Sample("""\
defmodule Janitor do
  def stop_later(pid) do
    spawn(fn ->
      Process.monitor(pid)

      receive do
        {:DOWN, _ref, :process, ^pid, _reason} -> :ok
      end
    end)
  end
end
"""),
    ),
    good=(
        Sample("""\
defmodule Mailer do
  def notify(user) do
    Task.Supervisor.start_child(Mailer.Tasks, fn -> deliver(user) end)
  end

  defp deliver(user), do: user
end
"""),
        Sample("""\
defmodule Monsters do
  def spawn(kind), do: {:monster, kind}
  def wave(kinds), do: Enum.map(kinds, fn kind -> spawn(kind) end)
end
"""),
        Sample("""\
defmodule Board do
  import Kernel, except: [spawn: 1]
  import Board.Pieces, only: [spawn: 1]

  @doc "Never calls spawn(fn -> :ok end)."
  def fill(kinds), do: Enum.map(kinds, &spawn(&1))
end
"""),
    ),
    exemptions=(
        Exemption(
            "monitored",
            "the caller monitors the process and handles its end itself",
            Sample("""\
defmodule Probe do
  def run(fun) do
    {pid, ref} = spawn_monitor(fun)
    await(pid, ref)
  end

  defp await(pid, ref) do
    receive do
      {:DOWN, ^ref, :process, ^pid, reason} -> reason
    end
  end
end
"""),
        ),
        Exemption(
            "handled",
            "linked to a server that traps exits and takes the end of the process as a message",
            Sample("""\
defmodule Shop.Prices do
  use GenServer

  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end

  def handle_cast({:load, item}, state) do
    {:noreply, Map.put(state, spawn_link(fn -> load(item) end), item)}
  end

  def handle_info({:EXIT, pid, _reason}, state), do: {:noreply, Map.delete(state, pid)}

  defp load(item), do: item
end
"""),
        ),
        Exemption(
            "farewell",
            "in `terminate/2` it only sends what is there already: nothing in it can fail, and a "
            "supervisor for it may be gone by then",
            Sample("""\
defmodule Shop.Bell do
  use GenServer
  def init(desks), do: {:ok, desks}

  def terminate(_reason, desks) do
    spawn(fn ->
      for desk <- desks, do: send(desk, :closing)
    end)
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "helpers for tests, by a segment of the module's name",
            Sample("""\
defmodule Shop.Testing.Crowd do
  def enter(customer), do: spawn_link(fn -> buy(customer) end)

  defp buy(customer), do: customer
end
"""),
        ),
        Exemption(
            "start-link",
            "a `start_link` function of a special process, or one that starts and returns it as a "
            "supervisor expects: whoever calls it is linked to it",
            Sample("""\
defmodule Loop do
  def start_link(arg), do: {:ok, :proc_lib.spawn_link(__MODULE__, :init, [arg])}
  def init(arg), do: arg
end
"""),
        ),
        Exemption(
            "drop-in",
            "a function of the same name that hands on the work it is given: how the work is "
            "started is the caller's choice",
            Sample("""\
defmodule Traced do
  def spawn_link(job), do: Kernel.spawn_link(wrap(job))
  defp wrap(job), do: job
end
"""),
        ),
        Exemption(
            "tied-to-caller",
            "the process watches the one that started it and ends when that one does",
            Sample("""\
defmodule Relay do
  def open do
    caller = self()

    spawn(fn ->
      ref = Process.monitor(caller)

      receive do
        {:DOWN, ^ref, :process, _pid, _reason} -> :closed
      end
    end)
  end
end
"""),
        ),
        Exemption(
            "joined",
            "linked to one call of a function, which tells it to end and waits until it has: a "
            "supervisor would take that tie away",
            Sample("""\
defmodule Shop.Prompt do
  def ask do
    pid = spawn_link(fn -> dots() end)
    answer = IO.gets("How many? ")
    send(pid, {:done, self()})

    receive do
      {:done, ^pid} -> answer
    end
  end

  defp dots do
    receive do
      {:done, from} -> send(from, {:done, self()})
    after
      100 ->
        IO.write(".")
        dots()
    end
  end
end
"""),
        ),
        Exemption(
            "sink",
            "linked to its starter, it takes whatever comes and does nothing with it: it cannot "
            "crash and holds nothing that could be lost",
            Sample("""\
defmodule Shop.Bin do
  def open, do: :persistent_term.put(:bin, spawn_link(fn -> drop() end))

  defp drop do
    receive do
      _ -> drop()
    end
  end
end
"""),
        ),
        Exemption(
            "remote-node",
            "the process runs on another node, out of reach of this node's supervisors",
            Sample("""\
defmodule Cluster do
  def ping(node, fun), do: :erlang.spawn(node, fun)
end
"""),
        ),
        Exemption(
            "ending",
            "it stops or restarts the application, and under a supervisor would be stopped with it",
            Sample("""\
defmodule Shop.Control do
  def restart do
    spawn(fn ->
      Application.stop(:shop)
      Application.start(:shop)
    end)
  end
end
"""),
        ),
        Exemption(
            "command-line",
            "a Mix task, an escript or a release's command runs without the supervision tree",
            Sample("""\
defmodule Mix.Tasks.Warm do
  use Mix.Task

  def run(_args), do: spawn(fn -> IO.gets("") end)
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself, on which supervisors are built",
            Sample(
                """\
defmodule Task.Supervised do
  def start(fun), do: {:ok, spawn(fun)}
end
""",
                path="lib/elixir/lib/task/supervised.ex",
            ),
        ),
    ),
)
