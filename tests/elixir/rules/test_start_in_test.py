"""Starts in tests: only those that leave a process or its name behind."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "start-in-test"
STOCK = """\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, opts}
end
"""


def said(body: str, setup: str = "", tests: int = 1) -> list[str]:
    more = "\n".join(f'  test "more {n}", do: assert Shop.open?()' for n in range(tests - 1))
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  alias Shop.Stock
  {setup}
  test "works" do
    {body}
  end
{more}
end
"""
    return outcome(RULE, {"lib/stock.ex": STOCK, "test/a_test.exs": code})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{:ok, pid} = GenServer.start(Stock, [])", ["info"]),
        ("{:ok, pid} = GenServer.start(Stock, [], name: :stock)", ["warning"]),
        ("Agent.start(fn -> 0 end)", ["info"]),
        ("{:ok, pid} = GenServer.start(Stock, [])\nGenServer.stop(other)", ["info"]),
        ("{:ok, pid} = GenServer.start(Stock, [])\nGenServer.stop(pid)", ["~stopped"]),
        ("{:ok, pid} = GenServer.start(Stock, [])\nProcess.monitor(pid)", ["~stopped"]),
        (
            "result = GenServer.start(Stock, [])\ncase result do\n{:error, _} -> :ok\n"
            "{:ok, pid} -> Process.monitor(pid)\nend",
            ["~stopped"],
        ),
        ("r = GenServer.start(Stock, [])\n{:ok, p} = r\nGenServer.stop(p)", ["~stopped"]),
        (
            "if old = Process.whereis(:a), do: GenServer.stop(old)\n"
            "GenServer.start(Stock, [], name: :a)",
            ["~stopped"],
        ),
        (
            "case Process.whereis(:a) do\nnil -> :ok\nold -> GenServer.stop(old)\nend\n"
            "GenServer.start(Stock, [], name: :a)",
            ["~stopped"],
        ),
        (
            "if old = Process.whereis(:a), do: GenServer.stop(other)\n"
            "GenServer.start(Stock, [], name: :a)",
            ["warning"],
        ),
        (
            "if old = Process.whereis(:b), do: GenServer.stop(old)\n"
            "GenServer.start(Stock, [], name: :a)",
            ["warning"],
        ),
        (
            "GenServer.start(Stock, [], name: :a)\n"
            "if old = Process.whereis(:a), do: send(old, :go)",
            ["warning"],
        ),
        ("r = GenServer.start(Stock, [])\n{:ok, p} = s\nGenServer.stop(p)", ["info"]),
        ("r = GenServer.start(Stock, [])\n{:error, p} = r\nGenServer.stop(p)", ["info"]),
        ("GenServer.start(Stock, [], name: :a)\non_exit(fn -> Agent.stop(:a) end)", ["~stopped"]),
        ("assert {:error, _} = GenServer.start(Stock, [])", ["~start-is-tested"]),
        ("catch_exit(GenServer.start(Stock, []))", ["~start-is-tested"]),
        ("{:ok, pid} = GenServer.start_link(Stock, [])", []),
        ("{:ok, pid} = Stock.start_link([])", []),
        ("start_supervised!({Stock, []})", []),
        ("defmodule B do\ndef go, do: GenServer.start(Stock, [])\nend", []),
        ("spawn(fn -> GenServer.start(Stock, []) end)", []),
        ('eval("GenServer.start(Stock, [])")', []),
    ],
)
def test_one_test(body: str, words: list[str]) -> None:
    assert said(body) == words


@pytest.mark.parametrize(
    ("start", "tests", "words"),
    [
        ("Stock.start_link([])", 2, ["info"]),
        ("Stock.start_link([])", 1, []),
        ("Stock.start_link([])\non_exit(fn -> GenServer.stop(Stock) end)", 2, ["~stopped"]),
        ("GenServer.start_link(Other, [], name: Other)", 2, ["info"]),
        ("GenServer.start_link(Other, [], name: context.test)", 2, []),
        ("GenServer.start_link(Other, [])", 2, []),
        ("Shop.Unknown.start_link([])", 2, []),
    ],
)
def test_set_up(start: str, tests: int, words: list[str]) -> None:
    assert said(":ok", f"setup do\n{start}\n:ok\nend", tests) == words


def test_set_up_of_all_tests_starts_once() -> None:
    assert said(":ok", "setup_all do\nStock.start_link([])\n:ok\nend", 2) == []


def test_the_same_name_in_two_tests() -> None:
    second = 'test "again" do\nStock.start_link([])\nend'
    assert said("Stock.start_link([])", second) == ["info"]
    assert said("Stock.start_link([])\nStock.start_link([])") == []


def test_a_helper_is_none_of_a_tests_starts() -> None:
    assert said("run()", "defp run, do: GenServer.start(Stock, [])") == []


HELPERS = """\
defmodule Shop.Help do
  def end_it(pid, _why), do: ended(pid)
  def use_it(pid), do: GenServer.call(pid, :use)
  defp ended(pid), do: GenServer.stop(pid)
end
"""
START = "{:ok, pid} = GenServer.start(Stock, [])"


@pytest.mark.parametrize(
    ("body", "more", "words"),
    [
        ("bury(pid)", "defp bury(pid), do: Process.exit(pid, :kill)", ["~stopped"]),
        ("on_exit(fn -> bury(pid) end)", "defp bury(a), do: Process.monitor(a)", ["~stopped"]),
        ("bury(pid)", "defp bury(pid), do: GenServer.call(pid, :a)", ["info"]),
        ("bury(other)", "defp bury(pid), do: Process.exit(pid, :kill)", ["info"]),
        ("bury(pid)", "defp bury(_), do: Process.exit(self(), :kill)", ["info"]),
        ("end_it(pid, 1)", "import Shop.Help", ["~stopped"]),
        ("Shop.Help.end_it(pid, 1)", "", ["~stopped"]),
        ("Shop.Help.use_it(pid)", "", ["info"]),
        ("Shop.Stock.watch(pid)", "", ["info"]),
        ("refute Process.alive?(pid)", "", ["~stopped"]),
        ("assert Process.alive?(pid)", "", ["info"]),
        ("refute Process.alive?(other)", "", ["info"]),
    ],
)
def test_helpers_that_end_it(body: str, more: str, words: list[str]) -> None:
    test = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  alias Shop.Stock
  {more}
  test "works" do
    {START}
    {body}
  end
end
"""
    stock = STOCK.replace("def init", "def watch(pid), do: Process.monitor(pid)\n  def init")
    files = {"lib/stock.ex": stock, "test/support/help.ex": HELPERS, "test/a_test.exs": test}
    assert outcome(RULE, files) == words


def test_a_name_is_told_once() -> None:
    tests = "\n".join(f'test "{n}" do\nStock.start_link([])\nend' for n in range(3))
    code = f"defmodule Shop.ATest do\nuse ExUnit.Case\nalias Shop.Stock\n{tests}\nend\n"
    files = {"lib/stock.ex": STOCK, "test/a_test.exs": code}
    (finding,) = analysed(rule(RULE), files).findings
    assert (finding.line, [e.line for e in finding.evidence]) == (5, [5, 8, 11])


@pytest.mark.parametrize(("first", "said"), [("assert :ignore = ", []), ("", ["info"])])
def test_a_start_that_is_to_be_ignored_leaves_nothing(first: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  alias Shop.Stock
  test "a", do: {first}Stock.start_link([])
  test "b", do: Stock.start_link([])
end
"""
    assert outcome(RULE, {"lib/stock.ex": STOCK, "test/a_test.exs": code}) == said


@pytest.mark.parametrize(
    ("listed", "start", "said"),
    [
        ("{Shop.Stock, name: :stock}", "Shop.Stock.start_link(name: :stock)", "~application's"),
        (
            "wrap(fn -> Shop.Stock.child_spec(name: :stock) end)",
            "Shop.Stock.start_link(name: :stock)",
            "~application's",
        ),
        ("{Shop.Stock, name: :stock}", "{:ok, _} = Shop.Stock.start_link(name: :stock)", "info"),
        ("{Shop.Till, name: :stock}", "Shop.Stock.start_link(name: :stock)", "info"),
        ("{Shop.Stock, name: :till}", "Shop.Stock.start_link(name: :stock)", "info"),
    ],
)
def test_a_name_that_the_application_gives_too(listed: str, start: str, said: str) -> None:
    application = f"""\
defmodule Shop.Application do
  use Application
  def start(_, _), do: Supervisor.start_link([{listed}], strategy: :one_for_one)
end
"""
    test = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  setup do
    {start}
    :ok
  end
  test "a", do: assert Shop.a?()
  test "b", do: assert Shop.b?()
end
"""
    assert outcome(RULE, {"lib/app.ex": application, "test/a_test.exs": test}) == [said]


@pytest.mark.parametrize(
    ("use", "listed", "start", "said"),
    [
        ("Application", "Shop.Stock", "Stock.start_link([])", ["~application's"] * 2),
        ("Application", "Shop.Shelves", "Stock.start_link([])", ["~application's"] * 2),
        (
            "Application",
            "Supervisor.Spec.worker(Shop.Stock, [])",
            "Stock.start_link([])",
            ["~application's"] * 2,
        ),
        ("Application", "Shop.Till", "Stock.start_link([])", ["info"]),
        ("Application", "Shop.Stock", "{:ok, _} = Stock.start_link([])", ["info"]),
        ("Supervisor", "Shop.Stock", "Stock.start_link([])", ["info"]),
        (
            "Application",
            "Shop.Stock",
            "Application.stop(:shop)\n Stock.start_link([])",
            ["info"],
        ),
        (
            "Application",
            "Shop.Stock",
            "Stock.start_link([])\n end\n setup do\n Application.stop(:shop)",
            ["info"],
        ),
        (
            "Application",
            "Shop.Stock",
            "Stock.start_link([])\n end\n test 'c' do\n Application.stop(:shop)",
            ["~application's"] * 2,
        ),
    ],
)
def test_a_child_of_an_application_may_run_already(
    use: str, listed: str, start: str, said: list[str]
) -> None:
    lib = f"""\
defmodule Shop.Application do
  use {use}
  def start(_, _), do: Supervisor.start_link([{listed}], strategy: :one_for_one)
end
defmodule Shop.Shelves do
  use Supervisor
  def start_link(_), do: Supervisor.start_link(__MODULE__, [])
  def init(_), do: Supervisor.init([Shop.Stock], strategy: :one_for_one)
end
"""
    test = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  alias Shop.Stock
  test "a" do
    {start}
  end
  test "b" do
    {start.partition(" end")[0]}
  end
end
"""
    files = {"lib/app.ex": lib, "lib/stock.ex": STOCK, "test/a_test.exs": test}
    assert outcome(RULE, files) == said


@pytest.mark.parametrize(
    ("start", "after", "said"),
    [
        (", {:continue, :go}", "{:stop, :normal, s}", ["~ends-itself"] * 2),
        (", {:continue, :go}", "{:noreply, s}", ["info"]),
        (", {:continue, :go}", "if s, do: {:stop, :normal, s}, else: {:noreply, s}", ["info"]),
        ("", "{:stop, :normal, s}", ["info"]),
    ],
)
def test_a_server_that_ends_with_its_job(start: str, after: str, said: list[str]) -> None:
    lib = f"""\
defmodule Shop.Load do
  use GenServer
  def start_link(s), do: GenServer.start_link(__MODULE__, s, name: __MODULE__)
  def init(s), do: {{:ok, s{start}}}
  def handle_continue(:go, s), do: {after}
end
"""
    test = """\
defmodule Shop.LoadTest do
  use ExUnit.Case
  test "one", do: assert Shop.Load.start_link([1])
  test "two", do: assert Shop.Load.start_link([2])
end
"""
    assert outcome(RULE, {"lib/load.ex": lib, "test/load_test.exs": test}) == said


SETS_UP = """\
  setup do
    on_exit(fn ->
      if pid = Process.whereis(Stock), do: GenServer.{end}(pid)
    end)
    :ok
  end
"""


@pytest.mark.parametrize(
    ("end", "inside", "said"),
    [
        ("stop", "", ["~stopped"] * 2),
        ("call", "", ["info"]),
        ("stop", "describe 'other' do", ["info"]),
    ],
)
def test_a_set_up_that_stops_it_at_the_end(end: str, inside: str, said: list[str]) -> None:
    setup = SETS_UP.replace("{end}", end)
    if inside:
        setup = f"{inside}\n{setup}end"
    test = f"""\
defmodule Shop.ATest do
  use ExUnit.Case
  alias Shop.Stock
  {setup}
  describe "a" do
    test "one", do: Stock.start_link([])
  end
  test "two", do: Stock.start_link([])
end
"""
    assert outcome(RULE, {"lib/stock.ex": STOCK, "test/a_test.exs": test}) == said
