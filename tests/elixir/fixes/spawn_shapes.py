"""Functions that start a process by hand, as `supervise_spawn` must leave or change them."""

from __future__ import annotations

from tests.elixir.fixes.support import APPLICATION, MIX_EXS

SUPERVISED = APPLICATION.replace(
    "children = []", "children = [\n      {Task.Supervisor, name: Shop.TaskSupervisor}\n    ]"
)
PATH = "lib/shop/jobs.ex"


def module(body: str, name: str = "Shop.Jobs") -> str:
    lines = "\n".join(f"  {line}" if line else "" for line in body.strip("\n").split("\n"))
    return f"defmodule {name} do\n{lines}\nend\n"


def shop(body: str, **more: str) -> dict[str, str]:
    base = {"mix.exs": MIX_EXS, "lib/shop/application.ex": SUPERVISED, PATH: module(body)}
    return {**base, **more}


SHAPES: dict[str, tuple[str, str]] = {
    "dropped": (
        "def run(job) do\n  spawn(job)\n  :ok\nend",
        "def run(job) do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
    "bound": (
        "def run(job) do\n  pid = spawn(job)\n  {:ok, pid}\nend",
        "def run(job) do\n  {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "  {:ok, pid}\nend",
    ),
    "bound to an ignored name": (
        "def run(job) do\n  _pid = spawn(job)\n  :ok\nend",
        "def run(job) do\n  _pid = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  "
        ":ok\nend",
    ),
    "returned": (
        "def run(job) do\n  spawn(job)\nend",
        "def run(job) do\n  {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "  pid\nend",
    ),
    "returned where pid is taken": (
        "def run(pid) do\n  spawn(fn -> send(pid, :hello_world) end)\nend",
        "def run(pid) do\n  {:ok, job_pid} =\n"
        "    Task.Supervisor.start_child(Shop.TaskSupervisor, fn -> send(pid, :hello_world) "
        "end)\n\n"
        "  job_pid\nend",
    ),
    "keyword body between one-line clauses": (
        "def run(:now), do: :done\ndef run(job), do: spawn(job)\ndef stop, do: :ok",
        "def run(:now), do: :done\n\ndef run(job) do\n"
        "  {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  pid\nend\n\n"
        "def stop, do: :ok",
    ),
    "module, function, arguments": (
        "def run(rows) do\n  :erlang.spawn(__MODULE__, :load, [rows])\n  :ok\nend\n\n"
        "def load(rows), do: rows",
        "def run(rows) do\n"
        "  Task.Supervisor.start_child(Shop.TaskSupervisor, __MODULE__, :load, [rows])\n  "
        ":ok\nend\n\n"
        "def load(rows), do: rows",
    ),
    "capture as job": (
        "def run do\n  spawn(&load/0)\n  :ok\nend\n\ndefp load, do: 1",
        "def run do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, &load/0)\n  :ok\nend\n\n"
        "defp load, do: 1",
    ),
    "captured start": (
        "def run(jobs) do\n  Enum.each(jobs, &Task.start/1)\nend",
        "def run(jobs) do\n"
        "  Enum.each(jobs, &Task.Supervisor.start_child(Shop.TaskSupervisor, &1))\nend",
    ),
    "piped": (
        "def run(job) do\n  job |> spawn()\n  :ok\nend",
        "def run(job) do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
    "at the end of a pipe": (
        "def run(job) do\n  job |> wrap() |> spawn()\n  :ok\nend\n\ndefp wrap(job), do: job",
        "def run(job) do\n"
        "  job |> wrap() |> then(&Task.Supervisor.start_child(Shop.TaskSupervisor, &1))\n  "
        ":ok\nend\n\n"
        "defp wrap(job), do: job",
    ),
    "several lines and comments": (
        "def run(user) do\n  # why\n  spawn(fn ->\n    # in peace\n    user\n  end)\n\n  :ok\nend",
        "def run(user) do\n  # why\n  Task.Supervisor.start_child(Shop.TaskSupervisor, fn ->\n"
        "    # in peace\n    user\n  end)\n\n  :ok\nend",
    ),
    "arguments on lines of their own": (
        "def run(user) do\n  spawn(\n    # the job\n    fn -> user end\n  )\n\n  :ok\nend",
        "def run(user) do\n  Task.Supervisor.start_child(\n    Shop.TaskSupervisor,\n    # the "
        "job\n"
        "    fn -> user end\n  )\n\n  :ok\nend",
    ),
    "too wide for the line": (
        "def run(a_rather_long_argument, another_long_argument) do\n"
        "  spawn(fn -> load({a_rather_long_argument, another_long_argument}) end)\n  :ok\nend\n\n"
        "defp load(rows), do: rows",
        "def run(a_rather_long_argument, another_long_argument) do\n"
        "  Task.Supervisor.start_child(Shop.TaskSupervisor, fn ->\n"
        "    load({a_rather_long_argument, another_long_argument})\n  end)\n\n  :ok\nend\n\n"
        "defp load(rows), do: rows",
    ),
    "clause of a case": (
        "def run(job) do\n  case job do\n    nil -> nil\n    job -> spawn(job)\n  end\nend",
        "def run(job) do\n  case job do\n    nil ->\n      nil\n\n    job ->\n"
        "      {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "      pid\n  end\nend",
    ),
    "branch whose value is dropped": (
        "def run(job) do\n  if job do\n    spawn(job)\n  end\n\n  :ok\nend",
        "def run(job) do\n  if job do\n    Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "  end\n\n  :ok\nend",
    ),
    "one-line branch whose value is dropped": (
        "def run(job) do\n  if job, do: spawn(job)\n  :ok\nend",
        "def run(job) do\n"
        "  if job, do: Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
    "Task.start inside an expression": (
        "def run(job) do\n  {:reply, Task.start(job), []}\nend",
        "def run(job) do\n"
        "  {:reply, Task.Supervisor.start_child(Shop.TaskSupervisor, job), []}\nend",
    ),
    "heredoc in the job": (
        'def run(to) do\n  spawn(fn ->\n    send(to, """\n    hello\n      you\n    """)\n'
        "  end)\nend",
        "def run(to) do\n  {:ok, pid} =\n    Task.Supervisor.start_child(Shop.TaskSupervisor, fn "
        "->\n"
        '      send(to, """\n      hello\n        you\n      """)\n    end)\n\n  pid\nend',
    ),
    "alias in the way": (
        "alias Other.Task\n\ndef run(job) do\n  spawn(job)\n  Task.note(job)\nend",
        "alias Other.Task\n\ndef run(job) do\n"
        "  Elixir.Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  Task.note(job)\nend",
    ),
    "returned by a private function whose callers do not look": (
        "def run(job) do\n  start(job)\n  :ok\nend\n\ndefp start(job) do\n  spawn(job)\nend",
        "def run(job) do\n  start(job)\n  :ok\nend\n\n"
        "defp start(job) do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\nend",
    ),
    "returned by a private function whose caller does": (
        "def run(job) do\n  start(job)\nend\n\ndefp start(job) do\n  spawn(job)\nend",
        "def run(job) do\n  start(job)\nend\n\ndefp start(job) do\n"
        "  {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  pid\nend",
    ),
    "twice the same": (
        "def run(job) do\n  spawn(job)\n  spawn(job)\n  :ok\nend",
        "def run(job) do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
}
"""By name: the functions before and after."""

DECLINED: dict[str, tuple[str, str]] = {
    "job of a supervisor that starts": (
        "use Supervisor\n\ndef init(rows) do\n  Task.start(fn -> load(rows) end)\n"
        "  Supervisor.init([], strategy: :one_for_one)\nend\n\ndef load(rows), do: rows",
        "belongs into the child list",
    ),
    "linked": ("def run(job), do: spawn_link(job)", "ties the processes"),
    "on another node": (
        "def run(node, job), do: Process.spawn(job, [:link])",
        "ties the processes",
    ),
    "linked task": ("def run(job), do: Task.start_link(job)", "ties the processes"),
    "task that answers": ("def run(job) do\n  Task.async(job)\n  :ok\nend", "answers its caller"),
    "receive loop": (
        "def run do\n  spawn(fn -> loop(0) end)\n  :ok\nend\n\n"
        "defp loop(n) do\n  receive do\n    :more -> loop(n + 1)\n  end\nend",
        "restarting child",
    ),
    "receive loop by name": (
        "def run do\n  spawn(__MODULE__, :loop, [0])\n  :ok\nend\n\n"
        "def loop(n) do\n  receive do\n    :more -> loop(n + 1)\n  end\nend",
        "restarting child",
    ),
    "loop that polls": (
        "def run do\n  spawn(&poll/0)\n  :ok\nend\n\n"
        "defp poll do\n  Process.sleep(1000)\n  poll()\nend",
        "restarting child",
    ),
    "parked process": (
        "def run do\n  spawn(fn -> Process.sleep(:infinity) end)\n  :ok\nend",
        "restarting child",
    ),
    "pid inside an expression": ("def run(job), do: {:ok, spawn(job)}", "larger expression"),
    "pid piped on": ("def run(job) do\n  spawn(job) |> Process.info()\nend", "pipe"),
}
"""By name: the functions, and a part of the reason."""
