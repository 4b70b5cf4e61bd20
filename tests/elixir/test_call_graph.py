"""What servers ask of others, through functions and modules, and what they wait for."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.call_graph import Request, is_server_module
from bot.elixir.project import Project
from bot.elixir.tree import MemoryTree

STOCK = """\
defmodule Shop.Stock do
  use GenServer
  @name :stock
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: @name)
  def all(server \\\\ @name, wait \\\\ 9), do: GenServer.call(server, :all, wait)
  def put(item), do: GenServer.cast(:stock, {:put, item})
  def init(arg), do: {:ok, arg}
end
"""
DESK = """\
defmodule Shop.Desk do
  use GenServer
  alias Shop.{Help, Stock}
  def init(arg), do: {:ok, arg}
  def handle_info(:tick, s) do
    BODY
    {:noreply, s}
  end
  defp own(pid), do: GenServer.call(pid, :own)
  defp loop(n), do: loop(n - 1)
end
"""
HELP = """\
defmodule Shop.Help do
  def all, do: again()
  def ask(who), do: GenServer.call(who, :ask)
  defp again, do: Shop.Stock.all()
end
"""


def project(body: str) -> Project:
    files = {
        "lib/stock.ex": STOCK,
        "lib/desk.ex": DESK.replace("BODY", body),
        "lib/help.ex": HELP,
        "test/stock_test.exs": STOCK.replace("Shop.Stock", "Shop.StockTest"),
    }
    return survey(MemoryTree.of(files), jobs=1, rules=()).project


def requests(body: str) -> list[Request]:
    found = project(body)
    return list(found.calls.requests(found.modules["Shop.Desk"]))


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("Stock.all()", [(":stock", True)]),
        ("Stock.all(:other, 1)", [(":other", True)]),
        ("Stock.all(:other)", [("", True)]),
        ("Stock.put(1)", [(":stock", False)]),
        ("Help.all()", [(":stock", True)]),
        ("Help.ask(self())", [("self()", True)]),
        ("Help.ask(s.pid)", [("", True)]),
        ("own(Shop.Stock)", [("Shop.Stock", True)]),
        ("own(nil)", [("", True)]),
        ("Task.await(Task.async(fn -> own(self()) end))", [("", True)]),
        ("Task.async(fn -> Help.all() end)", []),
        ("loop(1)", []),
        ("Unknown.all()", []),
        ("Help.again()", []),
    ],
)
def test_requests(body: str, asked: list[tuple[str, bool]]) -> None:
    assert [(r.process, r.waits) for r in requests(body)] == asked


def test_the_way_is_kept() -> None:
    (request,) = requests("Help.all()")
    assert [c.full for c in request.step.path] == [
        "Shop.Help.all",
        "Shop.Help.again",
        "Shop.Stock.all",
    ]
    assert request.step.origin.label == "handle_info/2"


def test_both_are_followed_where_one_function_is_asked_for_two_processes() -> None:
    assert sorted(r.process for r in requests("own(:a)\n    own(:b)\n    own(:a)")) == [":a", ":b"]


def test_names_have_one_owner_outside_tests() -> None:
    found = project(":ok")
    owners = {name: facts.name for name, facts in found.calls.owners.items()}
    assert owners == {
        ":stock": "Shop.Stock",
        "Shop.Stock": "Shop.Stock",
        "Shop.Desk": "Shop.Desk",
    }
    assert is_server_module(found.modules["Shop.Desk"])
    assert not is_server_module(found.modules["Shop.Help"])


def test_files_that_speak_of_no_server_are_not_opened() -> None:
    files = {
        "lib/desk.ex": DESK.replace("BODY", "Shop.Sums.total(s)"),
        "lib/sums.ex": "defmodule Shop.Sums do\n  def total(s), do: Enum.sum(s)\nend\n",
    }
    found = survey(MemoryTree.of(files), jobs=1, rules=()).project
    assert list(found.calls.requests(found.modules["Shop.Desk"])) == []
    assert not found.calls.speaks("lib/sums.ex")
    assert found.calls.speaks("lib/desk.ex")
