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
    start = "def init(s), do: {:ok, s, {:continue, :go}}\n  def"
    assert said(f"{start} handle_continue{body}") == ["warning"]
    assert said(f"{start} handle_info{body}") == []


@pytest.mark.parametrize(
    ("init", "more", "words"),
    [
        ("{:ok, s, {:continue, :go}}", "", ["warning"]),
        ("{:ok, s, {:continue, s}}", "", ["warning"]),
        ("begin(s)", "defp begin(s), do: {:ok, s, {:continue, :go}}", ["warning"]),
        (
            "{:ok, s, {:continue, :first}}",
            "def handle_continue(:first, s), do: {:noreply, s, {:continue, :go}}",
            ["warning"],
        ),
        ("{:ok, s}", "def handle_info(:a, s), do: {:noreply, s, {:continue, :go}}", []),
        (
            "{:ok, s, {:continue, :first}}",
            "def handle_info(:a, s), do: {:noreply, s, {:continue, :go}}",
            [],
        ),
    ],
)
def test_a_continue_that_only_later_work_asks_for(init: str, more: str, words: list[str]) -> None:
    body = "def handle_continue(:go, s), do: {:noreply, [Shop.Stock.all() | s]}"
    assert said(f"def init(s), do: {init}\n  {body}\n  {more}") == words


@pytest.mark.parametrize(
    "children",
    [
        "[Shop.Stock, Shop.Desk, Shop.Stock]",
        "[Shop.Desk] ++ [Shop.Stock]",
        "if more?(), do: [Shop.Desk], else: [Shop.Stock]",
        "[Shop.Desk]",
        "[Shop.Desk, {Shop.Stock, name: :other}]",
    ],
)
def test_lists_that_do_not_show_the_order(children: str) -> None:
    assert said(in_init("Shop.Stock.all()"), children=children) == []


def test_what_is_added_to_a_list_changes_no_order_in_it() -> None:
    children = "[Shop.Desk, {Shop.Stock, []}] ++ more()"
    assert said(in_init("Shop.Stock.all()"), children=children) == ["error"]


def test_what_another_tree_starts_too_may_be_there() -> None:
    other = TREE.replace("Shop.Supervisor", "Shop.Base").replace("CHILDREN", "[Shop.Stock]")
    assert said(in_init("Shop.Stock.all()"), more=other) == []


def test_what_a_child_starts_itself_is_started_before_its_siblings() -> None:
    desks = TREE.replace("Shop.Supervisor", "Shop.Desks").replace("CHILDREN", "[Shop.Desk]")
    needs = in_init("Shop.Stock.all()")
    assert said(needs, children="[Shop.Desks, Shop.Stock]", more=desks) == ["error"]
    assert said(needs, children="[Shop.Stock, Shop.Desks]", more=desks) == []


def test_a_supervisor_can_need_a_sibling_too() -> None:
    desks = TREE.replace("Shop.Supervisor", "Shop.Desks").replace("CHILDREN", "Shop.Repo.all(X)")
    init = "def init(arg), do: {:ok, arg}"
    assert said(init, children="[Shop.Desks, Shop.Repo]", more=desks) == ["error"]
    assert said(init, children="[Shop.Repo, Shop.Desks]", more=desks) == []
