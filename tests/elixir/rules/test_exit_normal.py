"""Exit signals `:normal`: ignored by others, a real end only for oneself."""

from __future__ import annotations

import pytest

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
        ("{:ok, pid} = Shop.Feed.start_link(x)", ["warning"]),
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
