"""Clean-ups that a shutdown skips: what counts as one, and who sets the flag."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "terminate-without-trap"


def server(end: str, init: str = "{:ok, x}", more: str = "", use: str = "GenServer") -> str:
    return f"""\
defmodule Shop.A do
  use {use}
  def init(x) do
    {init}
  end
  def terminate(_reason, state) do
    {end}
  end
  {more}
end
"""


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("File.rm(state)", ["warning"]),
        ("Shop.Repo.insert(state)", ["warning"]),
        ("Enum.each(state, &File.rm(&1))", ["warning"]),
        ("send(state, :bye)", ["warning"]),
        ("gone(state)", ["warning"]),
        (":ets.delete(:shared, state)", ["warning"]),
        ("Logger.info(inspect(state))", ["~reports"]),
        (":telemetry.execute([:end], %{})", ["~reports"]),
        ("Process.cancel_timer(state)", ["~ends-anyway"]),
        (":gen_tcp.close(state)", ["~ends-anyway"]),
        ("Map.get(state, :x)", []),
        (":ok", []),
    ],
)
def test_what_is_a_clean_up(end: str, words: list[str]) -> None:
    code = server(end, more="defp gone(state), do: File.rm(state)")
    assert outcome(RULE, {"lib/a.ex": code}) == words


def test_an_own_table_goes_with_its_server() -> None:
    code = server(":ets.delete(state)", init="{:ok, :ets.new(:x, [])}")
    assert outcome(RULE, {"lib/a.ex": code}) == ["~ends-anyway"]


@pytest.mark.parametrize(
    ("init", "words"),
    [
        ("Process.flag(:trap_exit, true)\n{:ok, x}", []),
        (":erlang.process_flag(:trap_exit, true)\n{:ok, x}", []),
        ("Process.flag(:trap_exit, false)\n{:ok, x}", ["warning"]),
        ("# Process.flag(:trap_exit, true)\n{:ok, x}", ["warning"]),
        ("Process.flag(:priority, :high)\n{:ok, x}", ["warning"]),
    ],
)
def test_the_flag(init: str, words: list[str]) -> None:
    assert outcome(RULE, {"lib/a.ex": server("File.rm(state)", init)}) == words


def test_a_server_that_stops_itself_does_clean_up_then() -> None:
    more = "def handle_cast(:end, state), do: {:stop, :normal, state}"
    assert outcome(RULE, {"lib/a.ex": server("File.rm(state)", more=more)}) == ["info"]


def test_the_flag_can_come_by_use() -> None:
    base = """\
defmodule Shop.Server do
  defmacro __using__(_) do
    quote do
      use GenServer
      def start, do: Process.flag(:trap_exit, true)
    end
  end
end
"""
    files = {"lib/a.ex": server("File.rm(state)", use="Shop.Server"), "lib/server.ex": base}
    assert outcome(RULE, files) == ["~trapped-elsewhere"]


def test_state_machines_end_with_three_arguments() -> None:
    code = """\
defmodule A do
  @behaviour :gen_statem
  def init(x), do: {:ok, :on, x}
  def terminate(_reason, _state, path), do: File.rm(path)
  def terminate(_reason, path), do: File.rm(path)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["warning"]


def test_only_servers_of_the_application_count() -> None:
    code = server("File.rm(state)")
    plain = "defmodule A do\n  def terminate(_r, s), do: File.rm(s)\nend\n"
    assert outcome(RULE, {"lib/a.ex": plain, "test/a_test.exs": code}) == []
