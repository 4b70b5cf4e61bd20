"""Monitors thrown away where a process can leave before it ends."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "monitor-leak"
LEAVE = "def handle_cast({:leave, pid}, state), do: {:noreply, Map.delete(state, pid)}"


def server(
    body: str, leave: str = LEAVE, tail: str = "{:noreply, Map.put(state, x, 1)}"
) -> list[str]:
    code = f"""\
defmodule Shop.Board do
  use GenServer
  def init(state), do: {{:ok, state}}
  def handle_cast({{:join, x}}, state) do
    {body}
    {tail}
  end
  {leave}
end
"""
    return outcome(RULE, {"lib/board.ex": code})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Process.monitor(x)", ["warning"]),
        ("x |> Process.monitor()", ["warning"]),
        (":erlang.monitor(:process, x)", ["warning"]),
        ("_ = Process.monitor(x)", ["warning"]),
        ("unless state[x], do: Process.monitor(x)", []),
        ("if x do\n Process.monitor(x)\n end", ["warning"]),
        ("Enum.each(x, &Process.monitor/1)", []),
        ("Enum.each(x, fn pid -> Process.monitor(pid) end)", ["warning"]),
        ("refs = Enum.map(x, fn pid -> Process.monitor(pid) end)", []),
        ("ref = Process.monitor(x)", []),
        ("state = Map.put(state, :ref, Process.monitor(x))", []),
        ("Task.start(fn ->\n Process.monitor(x)\n :ok\n end)", []),
    ],
)
def test_what_becomes_of_the_reference(body: str, words: list[str]) -> None:
    assert server(body) == words


@pytest.mark.parametrize(
    ("leave", "words"),
    [
        (LEAVE, ["warning"]),
        ("", []),
        ("def handle_cast({:unsubscribe, p}, s), do: {:noreply, MapSet.delete(s, p)}", ["warning"]),
        ("def handle_cast(:leave, s), do: {:stop, :normal, s}", []),
        ("def handle_cast({:under, p}, s), do: {:noreply, s}", []),
        ("def handle_info({:DOWN, _, _, p, _}, s), do: {:noreply, Map.delete(s, p)}", []),
        (f"{LEAVE}\n  defp drop(ref), do: Process.demonitor(ref)", ["~released"]),
    ],
)
def test_ways_to_leave(leave: str, words: list[str]) -> None:
    assert server("Process.monitor(x)", leave) == words


def test_the_last_value_goes_to_the_caller() -> None:
    helper = f"{LEAVE}\n  defp watch(x), do: Process.monitor(x)"
    assert server("ref = watch(x)", helper) == []
