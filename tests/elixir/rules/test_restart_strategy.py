"""What one sibling holds of another that restarts alone."""

from __future__ import annotations

import pytest

from bot.elixir.rules.restart_strategy import RULE
from tests.elixir.rules.support import outcome

TREE = """\
defmodule Shop.Supervisor do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Bell, Shop.Clerk], strategy: STRATEGY)
end
"""
BELL = """\
defmodule Shop.Bell do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def listen(pid), do: GenServer.call(__MODULE__, {:listen, pid})
  def listen_later, do: GenServer.cast(__MODULE__, {:join, self(), :x})
  def alive(pid), do: GenServer.call(__MODULE__, {:alive, pid})

  def init(arg) do
    :ets.new(:bells, [:named_table, :public])
    {:ok, arg}
  end

  def handle_call({:listen, pid}, _from, s), do: {:reply, :ok, [pid | s]}
  def handle_call({:alive, pid}, _from, s), do: {:reply, Process.alive?(pid), s}
  def handle_cast({:join, pid, _}, s), do: {:noreply, Map.put(s, pid, true)}
end
"""
CLERK = """\
defmodule Shop.Clerk do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def CALLBACK do
    BODY
  end
end
"""


def said(
    body: str, strategy: str = ":one_for_one", callback: str = "init(arg)", bell: str = BELL
) -> list[str]:
    clerk = CLERK.replace("CALLBACK", callback).replace("BODY", body)
    tree = TREE.replace("STRATEGY", strategy)
    return outcome(RULE.id, {"lib/bell.ex": bell, "lib/clerk.ex": clerk, "lib/tree.ex": tree})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Shop.Bell.listen(self())", ["warning"]),
        ("Shop.Bell.listen_later()", ["warning"]),
        ("me = self()\n    Shop.Bell.listen(me)", ["warning"]),
        (":ets.insert(:bells, {1, 2})", ["warning"]),
        ("{:ok, Process.whereis(Shop.Bell)}", ["warning"]),
        ("bell = GenServer.whereis(Shop.Bell)\n    {:ok, %{bell: bell}}", ["warning"]),
        ("Shop.Bell.listen(arg)", []),
        ("Shop.Bell.alive(self())", []),
        ("Task.start(fn -> Shop.Bell.listen(self()) end)", []),
        (":ets.lookup(:bells, 1)", []),
        (":ets.insert(:others, {1, 2})", []),
        ("Process.exit(Process.whereis(Shop.Bell), :x)\n    {:ok, arg}", []),
        ("Process.whereis(Shop.Other)", []),
        ("Process.monitor(Shop.Bell)\n    Shop.Bell.listen(self())", ["~watches"]),
    ],
)
def test_ties(body: str, words: list[str]) -> None:
    assert said(body) == words


@pytest.mark.parametrize("strategy", [":rest_for_one", ":one_for_all", "strategy()"])
def test_strategies_that_restart_both_or_are_unknown(strategy: str) -> None:
    assert said("Shop.Bell.listen(self())", strategy=strategy) == []


def test_only_the_start_counts() -> None:
    assert said("Shop.Bell.listen(self())", callback="handle_info(:go, arg)") == []
    assert said("Shop.Bell.listen(self())", callback="handle_continue(:go, arg)") == ["warning"]


def test_rows_that_are_filled_again_are_not_lost_for_good() -> None:
    again = "  end\n  def handle_info(:fill, arg) do\n    :ets.insert(:bells, {1, 2})"
    assert said(f":ets.insert(:bells, {{1, 2}})\n{again}") == ["~again"]


def test_a_table_that_a_client_function_makes_is_nobodys() -> None:
    bell = BELL.replace("def init(arg) do", "def make(arg) do")
    assert said(":ets.insert(:bells, {1, 2})", bell=bell) == []


@pytest.mark.parametrize(
    ("given", "way", "words"),
    [
        ("{:error, :none}", "with {:ok, row} <- x, do: ROWS", []),
        ("{:ok, arg}", "with {:ok, row} <- x, do: ROWS", ["warning"]),
        ("arg", "with {:ok, row} <- x, do: ROWS", ["warning"]),
        ("{:error, :none}", "with {:ok, row} <- find(x), do: ROWS", ["warning"]),
        ("{:error, :none}", "x = find(x)\n    with {:ok, row} <- x, do: ROWS", ["warning"]),
        ("{:error, :none}", "with {:ok, row} <- x do\n      ROWS\n    end", []),
        (
            "{:error, :none}",
            "with {:ok, row} <- x do\n      row\n    else\n      row -> ROWS\n    end",
            ["warning"],
        ),
        ("nil", "case x do\n      nil -> :ok\n      :row -> ROWS\n    end", []),
        (":row", "case x do\n      nil -> :ok\n      :row -> ROWS\n    end", ["warning"]),
        ("nil", "case x do\n      :none -> :ok\n      row -> ROWS\n    end", ["warning"]),
    ],
)
def test_what_the_start_gives_may_lead_past_the_rows(
    given: str, way: str, words: list[str]
) -> None:
    rows = way.replace("ROWS", ":ets.insert(:bells, {1, row})")
    assert said(f"fill({given})\n  end\n\n  defp fill(x) do\n    {rows}") == words
    kept = BELL.replace("def alive", "def put(row), do: :ets.insert(:bells, {1, row})\n  def alive")
    rows = way.replace("ROWS", "Shop.Bell.put(row)")
    code = f"fill({given})\n  end\n\n  defp fill(x) do\n    {rows}"
    assert said(code, bell=kept) == words
