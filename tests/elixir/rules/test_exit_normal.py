"""Exit signals `:normal`: ignored by others, a real end only for oneself."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree
from tests.elixir.rules.support import in_function, outcome

RULE = "exit-normal"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Process.exit(x, :normal)", ["warning"]),
        ("x.pid |> Process.exit(:normal)", ["warning"]),
        (":erlang.exit(x, :normal)", ["warning"]),
        ("Enum.each(x, fn pid -> Process.exit(pid, :normal) end)", ["warning"]),
        ("Process.exit(self(), :normal)", []),
        ("self() |> Process.exit(:normal)", []),
        ("me = self()\n    Process.exit(me, :normal)", []),
        ("Process.exit(x, :shutdown)", []),
        ("Process.exit(x, {:normal, 1})", []),
        ("exit(:normal)", []),
        ("GenServer.stop(x, :normal)", []),
        ("quote do: Process.exit(x, :normal)", []),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == words


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("{:ok, pid} = Supervisor.start_link(x, strategy: :one_for_one)", ["~traps-exits"]),
        ("pid = spawn_link(fn -> Process.flag(:trap_exit, true) end)", ["~traps-exits"]),
        ("pid = spawn_link(fn -> Process.flag(:trap_exit, false) end)", ["warning"]),
        ("pid = spawn_link(fn -> Shop.work() end)", ["warning"]),
        ("{:ok, pid} = Agent.start_link(fn -> x end)", ["warning"]),
        ("{:ok, pid} = Shop.FeedSupervisor.start_link(x)", ["~traps-exits"]),
        # What a module of a dependency starts may trap exits, and this is its parent.
        ("{:ok, pid} = Feeds.start_link(x)", ["info"]),
        ("{:ok, pid} = Feeds.start(x)", ["warning"]),
        ("pid = Feeds.pid(x)", ["warning"]),
    ],
)
def test_processes_started_here(start: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(f"{start}\n    Process.exit(pid, :normal)")) == words


def test_a_server_that_traps_exits_signals_others_in_its_callbacks() -> None:
    code = """\
defmodule Shop.Desk do
  use GenServer
  def init(feed) do
    Process.flag(:trap_exit, true)
    {:ok, feed}
  end
  def handle_cast(:done, feed) do
    Process.exit(feed, :normal)
    {:noreply, feed}
  end
end
"""
    assert outcome(RULE, {"lib/desk.ex": code}) == ["warning"]


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ("assert Process.alive?(pid)", ["~shown-alive"]),
        ("refute Process.alive?(pid)", ["info"]),
        ("assert Process.alive?(other)", ["info"]),
        (":ok", ["info"]),
    ],
)
def test_tests(after: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.FeedTest do
  use ExUnit.Case
  test "ends", %{{pid: pid, other: other}} do
    Process.exit(pid, :normal)
    {after}
  end
end
"""
    assert outcome(RULE, {"test/feed_test.exs": code}) == words


SHELF = """\
defmodule Shop.Shelf do
  use DynamicSupervisor
  def start_link(x), do: DynamicSupervisor.start_link(__MODULE__, x)
  def init(_), do: DynamicSupervisor.init(strategy: :one_for_one)
end
"""
FEED = """\
defmodule Shop.Feed do
  use GenServer
  def start_link(x), do: GenServer.start_link(__MODULE__, x, name: __MODULE__)
  def init(x) do
    TRAP
    {:ok, x}
  end
end
"""
TRAP = "Process.flag(:trap_exit, true)"
BROUGHT = """\
defmodule Shop.Rack do
  defmacro __using__(_) do
    quote do
      use Supervisor
      def start_link(x), do: Supervisor.start_link(__MODULE__, x, name: __MODULE__)
    end
  end
end

defmodule Shop.Racks do
  use Shop.Rack
end
"""


def in_test(body: str, feed: str = TRAP) -> list[str]:
    code = f"""\
defmodule Shop.FeedTest do
  use ExUnit.Case
  alias Shop.{{Feed, Racks, Shelf}}
  test "ends" do
    {body}
  end
end
"""
    files = {
        "lib/shelf.ex": SHELF,
        "lib/feed.ex": FEED.replace("TRAP", feed),
        "lib/rack.ex": BROUGHT,
        "test/feed_test.exs": code,
    }
    return outcome(RULE, files)


EXIT = "Process.exit(pid, :normal)"
MONITORED = "ref = Process.monitor(pid)"
FOUND = "Process.whereis() |> Process.exit(:normal)"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"assert {{:ok, pid}} = Shelf.start_link(1)\n{EXIT}", ["~traps-exits"]),
        (f"{{:ok, pid}} = Feed.start_link(1)\n{EXIT}", ["~traps-exits"]),
        (f"{{:ok, pid}} = GenServer.start_link(Feed, 1)\n{EXIT}", ["~traps-exits"]),
        (f"{{:ok, pid}} = Broadway.start_link(Feed, [])\n{EXIT}", ["~traps-exits"]),
        (f"{{:ok, pid}} = Shelf.start_link(1)\non_exit(fn -> {EXIT} end)", ["info"]),
        (f"{{:ok, pid}} = Shelf.start_link(1)\nTask.async(fn -> {EXIT} end)", ["info"]),
        (f"{{:ok, pid}} = Feed.start(1)\n{EXIT}", ["info"]),
        (f"Racks.start_link([])\nRacks |> {FOUND}", ["~traps-exits"]),
        (f"Racks.start_link([])\npid = GenServer.whereis(Racks)\n{EXIT}", ["~traps-exits"]),
        (f"Racks.start_link(name: :a)\nRacks |> {FOUND}", ["info"]),
        (f"Racks |> {FOUND}", ["info"]),
    ],
)
def test_a_parent_ends_its_server_that_traps_exits(body: str, words: list[str]) -> None:
    assert in_test(body) == words


@pytest.mark.parametrize("feed", [":ok", "spawn(fn -> Process.flag(:trap_exit, true) end)"])
def test_a_server_that_does_not_trap_exits_ignores_its_parent(feed: str) -> None:
    assert in_test(f"{{:ok, pid}} = Feed.start_link(1)\n{EXIT}", feed) == ["info"]


TAKES = "receive do\n{:DOWN, ^ref, _, _, _} -> 1\n"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (MONITORED, "assert_receive {:DOWN, ^ref, _, _, _}", ["~shown-dead"]),
        (MONITORED, "receive do\n{:DOWN, ^ref, _, _, _} -> 1\nend", ["~shown-dead"]),
        (
            MONITORED,
            "receive do\n{:DOWN, ^ref, _, _, _} -> 1\nafter\n10 -> Process.exit(pid, :kill)\nend",
            ["info"],
        ),
        (MONITORED, f"{TAKES}after\n10 -> flunk()\nend", ["~shown-dead"]),
        (MONITORED, f"{TAKES}after\n10 -> flunk('it lives')\nend", ["~shown-dead"]),
        (MONITORED, f"{TAKES}after\n10 -> raise 'it lives'\nend", ["~shown-dead"]),
        (MONITORED, f"{TAKES}after\n10 -> exit(:lives)\nend", ["~shown-dead"]),
        (MONITORED, f"{TAKES}after\n10 -> IO.puts(1)\nassert false\nend", ["~shown-dead"]),
        (MONITORED, f"{TAKES}after\n10 -> assert true\nend", ["info"]),
        (MONITORED, f"{TAKES}after\n10 ->\nend", ["info"]),
        (MONITORED, f"{TAKES}after\n10 -> if x, do: flunk()\nend", ["info"]),
        (MONITORED, f"{TAKES}after\n10 -> fn -> flunk() end\nend", ["info"]),
        (
            MONITORED,
            "GenServer.stop(pid)\nassert_receive {:DOWN, ^ref, _, _, _}",
            ["info"],
        ),
        ("ref = Process.monitor(other)", "assert_receive {:DOWN, ^ref, _, _, _}", ["info"]),
        (MONITORED, "assert_receive {:sold, ^ref}", ["info"]),
    ],
)
def test_an_end_that_is_waited_for(before: str, after: str, words: list[str]) -> None:
    assert in_test(f"pid = Shop.pid()\n{before}\n{EXIT}\n{after}") == words


def test_all_of_the_pipe_is_told() -> None:
    files = in_function("Shop.Feed |> Process.whereis() |> Process.exit(:normal)")
    found = survey(MemoryTree.of(files), jobs=1, rules=(rule(RULE),)).analysis.findings
    assert "`Shop.Feed |> Process.whereis()`" in found[0].message


def test_a_process_of_the_module_that_is_spawned() -> None:
    code = """\
defmodule Shop.Watch do
  def stop(pid), do: Process.exit(pid, :normal)
  def start, do: spawn_link(fn ->
    Process.flag(:trap_exit, true)
    receive do
      {:EXIT, _, _} -> :ok
    end
  end)
end
"""
    assert outcome(RULE, {"lib/watch.ex": code}) == ["~own-server"]


KEEPER = """\
defmodule Shop.Desk do
  use GenServer
  def init(_), do: {:ok, %{shelf: nil}}

  def handle_cast(:open, state) do
    {:ok, pid} = OPENED
    {:noreply, %{state | shelf: pid}}
  end

  def handle_cast(:shut, state), do: {:noreply, shut(state)}
  MORE

  defp shut(state) do
    Process.exit(state.shelf, :normal)
    %{state | shelf: nil}
  end
end
"""


@pytest.mark.parametrize(
    ("opened", "more", "words"),
    [
        ("Shop.Shelf.start_link(1)", "", ["~traps-exits"]),
        ("Shop.Feed.start_link(1)", "", ["~traps-exits"]),
        ("Shop.Tap.start_link(1)", "", ["warning"]),
        ("Shop.Feed.start(1)", "", ["warning"]),
        (
            "Shop.Shelf.start_link(1)",
            "def handle_cast({:on, it}, state), do: {:noreply, %{state | shelf: it}}",
            ["warning"],
        ),
        (
            "Shop.Shelf.start_link(1)",
            "def shut_now(desk), do: Process.exit(desk.shelf, :normal)",
            ["warning", "~traps-exits"],
        ),
    ],
)
def test_a_process_in_the_state_that_this_server_started(
    opened: str, more: str, words: list[str]
) -> None:
    files = {
        "lib/desk.ex": KEEPER.replace("OPENED", opened).replace("MORE", more),
        "lib/shelf.ex": SHELF,
        "lib/feed.ex": FEED.replace("TRAP", TRAP),
        "lib/tap.ex": FEED.replace("TRAP", ":ok").replace("Shop.Feed", "Shop.Tap"),
    }
    assert outcome(RULE, files) == words


@pytest.mark.parametrize(
    ("body", "doubt"),
    [
        ("Process.exit(x, :normal)", True),
        ("pid = spawn_link(fn -> work() end)\n    Process.exit(pid, :normal)", False),
    ],
)
def test_a_process_that_is_not_known_may_end_itself(body: str, doubt: bool) -> None:
    found = survey(MemoryTree.of(in_function(body)), jobs=1, rules=(rule(RULE),)).analysis.findings
    assert found[0].message.endswith("unless that traps exits and then ends itself") == doubt


@pytest.mark.parametrize(
    ("body", "certain"),
    [
        ("pid = spawn(fn -> x end)", True),
        ("{:ok, pid} = Agent.start_link(fn -> x end)", True),
        ("{:ok, pid} = Feeds.start_link(x)", False),
        ("{:ok, pid} = Feeds.start(x)", False),
        ("pid = Feeds.pid(x)", False),
        (":ok = x.(pid)", False),
    ],
)
def test_nothing_is_said_of_what_is_not_seen(body: str, certain: bool) -> None:
    files = in_function(f"{body}\n    Process.exit(pid, :normal)", head="go(x, pid)")
    found = survey(MemoryTree.of(files), jobs=1, rules=(rule(RULE),)).analysis.findings
    assert ("unless that traps exits" not in found[0].message) is certain
