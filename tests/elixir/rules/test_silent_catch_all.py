"""Catch-alls that swallow: only what the server asked for, and only without a word."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "silent-catch-all"
DROP = "def handle_info(_, s), do: {:noreply, s}"


def said(init: str, clauses: str = DROP, module: str = "Shop.A") -> list[str]:
    code = f"""\
defmodule {module} do
  use GenServer
  def init(s) do
    {init}
  end
  {clauses}
end
"""
    return outcome(RULE, {"lib/a.ex": code})


@pytest.mark.parametrize(
    ("init", "words"),
    [
        ("Process.monitor(s)\n{:ok, s}", ["warning"]),
        ("{:ok, Process.monitor(s)}", ["warning"]),
        ("Process.flag(:trap_exit, true)\n{:ok, elem(Shop.B.start_link(s), 1)}", ["warning"]),
        ("{:ok, elem(Shop.B.start_link(s), 1)}", ["~nothing-asked-for"]),
        ("ref = Process.monitor(s)\nProcess.demonitor(ref)\n{:ok, s}", ["~nothing-asked-for"]),
        ("send(self(), :load)\n{:ok, s}", ["warning"]),
        (":net_kernel.monitor_nodes(true)\n{:ok, s}", ["~nothing-asked-for"]),
        ("spawn(fn -> Process.monitor(s) end)\n{:ok, s}", ["~nothing-asked-for"]),
        ("{:ok, s}", ["~nothing-asked-for"]),
    ],
)
def test_what_was_asked_for(init: str, words: list[str]) -> None:
    assert said(init) == words


@pytest.mark.parametrize(
    ("clauses", "words"),
    [
        (DROP, ["warning"]),
        (
            "def handle_info({:DOWN, _, _, _, :normal}, s), do: {:noreply, s}\n  " + DROP,
            ["warning"],
        ),
        ("def handle_info(other, s) do\n s = s\n {:noreply, s}\n end", ["warning"]),
        ("def handle_info(:tick, s), do: {:noreply, s}\n  " + DROP, ["warning"]),
        ("def handle_info({:DOWN, _, _, _, _}, s), do: {:noreply, s}\n  " + DROP, []),
        ("def handle_info({:DOWN, r, _, _, _}, r), do: {:noreply, r}\n  " + DROP, []),
        ("def handle_info(m, s) do\n Logger.warning(inspect(m))\n {:noreply, s}\n end", []),
        ("def handle_info(m, s), do: {:noreply, [m | s]}", []),
        ("def handle_info(m, s) when is_atom(m), do: {:noreply, s}", []),
        ("def handle_info(_, s), do: {:stop, :unknown, s}", []),
        ("", []),
    ],
)
def test_what_takes_it(clauses: str, words: list[str]) -> None:
    found = said("Process.monitor(s)\n{:ok, s}", clauses)
    assert [word for word in found if word != "~nothing-asked-for"] == words


def test_the_end_of_a_task_tells_of_its_answer_too() -> None:
    task = "Task.Supervisor.async_nolink(Shop.Tasks, fn -> s end)\n{:ok, s}"
    down = "def handle_info({:DOWN, _, _, _, _}, s), do: {:noreply, s}\n  "
    assert said(task, down + DROP) == ["~nothing-asked-for"]
    assert said(task) == ["warning"]


def test_a_monitor_tells_of_the_end_that_the_link_tells_too() -> None:
    both = "Process.flag(:trap_exit, true)\n{:ok, pid} = Shop.B.start_link(s)\n"
    down = "def handle_info({:DOWN, _, _, _, _}, s), do: {:noreply, s}\n  "
    assert said(both + "{:ok, Process.monitor(pid)}", down + DROP) == ["~nothing-asked-for"]
    assert said(both + "{:ok, pid}", down + DROP) == ["warning"]
    flag = "Process.flag(:trap_exit, true)\n"
    helper = "defp open(s), do: Shop.B.start_link(s)\n  "
    watched = flag + "{:ok, pid} = open(s)\n{:ok, Process.monitor(pid)}"
    assert said(watched, down + helper + DROP) == ["~nothing-asked-for"]
    assert said(flag + "{:ok, pid} = open(s)\n{:ok, pid}", down + helper + DROP) == ["warning"]


def test_servers_for_tests_may_drop_what_they_like() -> None:
    found = said("Process.monitor(s)\n{:ok, s}", module="Shop.Testing.A")
    assert found == ["~test-support"]


PORT = "Process.flag(:trap_exit, true)\n{:ok, Port.open({:spawn, s}, OPTIONS)}"
STATUS = "def handle_info({port, {:exit_status, _}}, port), do: {:stop, :normal, port}\n  "


@pytest.mark.parametrize(
    ("options", "clauses", "words"),
    [
        ("[:binary, :exit_status]", STATUS + DROP, ["~nothing-asked-for"]),
        ("[:binary, :exit_status]", DROP, ["warning"]),
        ("[:binary]", STATUS + DROP, ["warning"]),
    ],
)
def test_the_status_tells_of_the_end_of_a_port(
    options: str, clauses: str, words: list[str]
) -> None:
    assert said(PORT.replace("OPTIONS", options), clauses) == words


@pytest.mark.parametrize("run", ['System.cmd("ls", [])', 'System.shell("ls")'])
def test_a_command_gives_back_how_it_has_ended(run: str) -> None:
    assert said(f"Process.flag(:trap_exit, true)\n{{:ok, {run}}}") == ["~nothing-asked-for"]
