"""Children that need, at their start, a sibling further down the list."""

from __future__ import annotations

import pytest

from bot.elixir.rules.call_to_later_sibling import RULE
from tests.elixir.rules.support import outcome

TREE = """\
defmodule Shop.Supervisor do
  use Supervisor
  def init(_) do
    children = CHILDREN
    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""
SERVERS = """\
defmodule Shop.Stock do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: :stock)
  def all, do: GenServer.call(:stock, :all)
  def put, do: GenServer.cast(:stock, :put)
  def init(arg), do: {:ok, arg}
end

defmodule Shop.Desk do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  CALLBACK
end
"""
LATER = "[Shop.Desk, Shop.Stock, {Task.Supervisor, name: Shop.Tasks}, Shop.Repo]"
FIRST = "[Shop.Stock, {Task.Supervisor, name: Shop.Tasks}, Shop.Repo, Shop.Desk]"


def said(callback: str, children: str = LATER, more: str = "") -> list[str]:
    code = SERVERS.replace("CALLBACK", callback)
    tree = TREE.replace("CHILDREN", children)
    return outcome(RULE.id, {"lib/tree.ex": tree + more, "lib/servers.ex": code})


def in_init(call: str) -> str:
    return f"def init(arg) do\n    {call}\n    {{:ok, arg}}\n  end"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("Shop.Stock.all()", ["error"]),
        ("GenServer.call(:stock, :all)", ["error"]),
        ("Shop.Stock.put()", ["warning"]),
        ("Task.Supervisor.start_child(Shop.Tasks, fn -> :ok end)", ["error"]),
        ("Shop.Repo.all(Shop.Item)", ["error"]),
        ("GenServer.call(arg, :all)", []),
        ("GenServer.call(Shop.Stock, :all)", ["error"]),
        ("Task.start(fn -> Shop.Stock.all() end)", []),
        ("Task.Supervisor.start_child(Other.Tasks, fn -> :ok end)", []),
        ("if Process.whereis(:stock), do: Shop.Stock.all()", ["~prepared"]),
    ],
)
def test_needs_of_init(call: str, words: list[str]) -> None:
    assert said(in_init(call)) == words
    assert said(in_init(call), children=FIRST) == []


def test_what_runs_right_after_init_is_a_race() -> None:
    body = "(:go, s), do: {:noreply, [Shop.Stock.all() | s]}"
    assert said(f"def handle_continue{body}") == ["warning"]
    assert said(f"def handle_info{body}") == []


@pytest.mark.parametrize(
    "children",
    [
        "[Shop.Stock, Shop.Desk, Shop.Stock]",
        "[Shop.Desk, {Shop.Stock, []}] ++ more()",
        "[Shop.Desk]",
        "[Shop.Desk, {Shop.Stock, name: :other}]",
    ],
)
def test_lists_that_do_not_show_the_order(children: str) -> None:
    assert said(in_init("Shop.Stock.all()"), children=children) == []


def test_what_another_tree_starts_too_may_be_there() -> None:
    other = TREE.replace("Shop.Supervisor", "Shop.Base").replace("CHILDREN", "[Shop.Stock]")
    assert said(in_init("Shop.Stock.all()"), more=other) == []
