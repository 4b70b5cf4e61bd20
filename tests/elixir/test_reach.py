"""Which functions run when a callback runs."""

from __future__ import annotations

import gc
import weakref

import pytest

from bot.elixir.messages import handles, handles_task_reply, traps_exits
from bot.elixir.nodes import text
from bot.elixir.reach import is_callback, is_server, reached, reached_from_callbacks, steps
from tests.elixir.support import module

SERVER = """
defmodule A do
  use GenServer

  def init(s), do: {:ok, prepare(s)}
  def handle_call(:go, _, s), do: {:reply, one(s), s}
  def handle_info(:tick, s), do: {:noreply, s |> two()}
  def one(s), do: two(s)
  defp two(s), do: Enum.map(s, &three/1)
  defp three(s), do: one(s)
  defp prepare(s), do: s
  def client(s), do: unreached(s)
  defp unreached(s), do: Task.start(fn -> two(s) end)
end
"""


def test_private_functions_are_followed_with_their_way_once() -> None:
    found = module(SERVER)
    steps = reached([found.functions["handle_call", 3]])
    ways = {s.clause.function.name: [c.name for c in s.path] for s in steps}
    assert ways == {
        "handle_call": [],
        "one": ["one"],
        "two": ["one", "two"],
        "three": ["one", "two", "three"],
    }
    assert {s.origin.name for s in steps} == {"handle_call"}


def test_each_clause_is_reached_once_over_all_callbacks() -> None:
    names = [s.clause.function.name for s in reached_from_callbacks(module(SERVER))]
    assert sorted(names) == ["handle_call", "handle_info", "init", "one", "prepare", "three", "two"]


def test_a_call_leads_into_the_clauses_that_can_take_its_arguments() -> None:
    found = module(
        """
        defmodule A do
          use GenServer
          def handle_call(:count, _, s), do: do_it(:count, s)
          def handle_call(:stock, _, s), do: handle_cast({:fill, 1}, s)
          def handle_cast({:fill, n}, s), do: n + s
          def handle_cast(:empty, s), do: do_it(:empty, s)
          defp do_it(:count, s), do: s
          defp do_it(:empty, s), do: s
          defp do_it(_other, s), do: s
        end
        """
    )
    steps = reached([found.functions["handle_call", 3]])
    heads = [s.clause.head.text.decode() for s in steps if s.path and s.clause.head.text]
    assert heads == ["do_it(:count, s)", "do_it(_other, s)", "handle_cast({:fill, n}, s)"]


def test_code_in_another_process_or_in_a_stored_function_is_not_followed() -> None:
    found = module(
        """
        defmodule A do
          use GenServer
          def handle_cast(:a, s), do: Task.start(fn -> slow(s) end)
          def handle_cast(:b, s), do: {:noreply, %{s | job: fn -> later(s) end}}
          defp slow(s), do: s
          defp later(s), do: s
        end
        """
    )
    assert {s.clause.function.name for s in reached_from_callbacks(found)} == {"handle_cast"}


def test_what_a_server_is() -> None:
    assert is_server(module("defmodule A do\n  use GenServer\nend\n"))
    assert is_server(module("defmodule A do\n  @behaviour :gen_statem\nend\n"))
    disguised = (
        "defmodule A do\n  use X\n  def init(s), do: s\n  def handle_call(_, _, s), do: s\nend\n"
    )
    assert is_server(module(disguised))
    assert not is_server(module(disguised.replace("def h", "defp h")))
    assert not is_server(
        module("defmodule A do\n  use Phoenix.LiveView\n  def handle_info(_, s), do: s\nend\n")
    )


def test_callbacks_are_told_from_functions() -> None:
    found = module(SERVER)
    assert is_callback(found.functions["init", 1])
    assert not is_callback(found.functions["one", 1])


def test_messages_in_callbacks_and_receives() -> None:
    found = module(
        """
        defmodule A do
          def init(_), do: Process.flag(:trap_exit, true)
          def handle_info({:EXIT, _, _}, s), do: s

          def wait(ref) do
            receive do
              {^ref, value} -> value
              {:DOWN, ^ref, :process, _, _} -> nil
            end
          end
        end
        """
    )
    assert handles(found, ":DOWN")
    assert not handles(found, ":nodeup")
    assert handles_task_reply(found)
    assert traps_exits(found)


def test_a_tagged_pair_is_no_task_reply() -> None:
    found = module("defmodule A do\n  def handle_info({:rate, r}, _), do: {:noreply, r}\nend\n")
    assert not handles_task_reply(found)
    named = module(
        "defmodule A do\n  def handle_info({ref, _} = m, s) when is_map(s), do: {m, ref}\nend\n"
    )
    assert handles_task_reply(named)


def test_trapping_exits_needs_both_the_flag_and_the_clause() -> None:
    flag = "defmodule A do\n  def init(_), do: Process.flag(:trap_exit, true)\nend\n"
    assert not traps_exits(module(flag))
    assert not traps_exits(
        module("defmodule A do\n  def handle_info({:EXIT, _, _}, s), do: s\nend\n")
    )


@pytest.mark.parametrize(
    ("body", "clauses"),
    [
        ("do_it(msg, s)", 1),
        ("Enum.map(s, fn x -> do_it(msg, x) end)", 1),
        ("msg = {:fill, 1}\n    do_it(msg, s)", 2),
        ("Enum.map(s, fn msg -> do_it(msg, s) end)", 2),
        ("for msg <- s, do: do_it(msg, s)", 2),
        ("do_it(s, s)", 2),
    ],
)
def test_a_parameter_is_what_its_pattern_asks(body: str, clauses: int) -> None:
    found = module(
        f"""
        defmodule A do
          use GenServer
          def handle_info({{:count, _}} = msg, s) do
            {body}
          end
          defp do_it({{:count, n}}, s), do: [n | s]
          defp do_it({{:fill, n}}, s), do: [n, n | s]
        end
        """
    )
    steps = reached([found.functions["handle_info", 2]])
    assert sum(s.clause.function.name == "do_it" for s in steps) == clauses


def test_a_call_leads_to_the_clauses_that_can_take_it() -> None:
    found = module(
        """
        defmodule Top do
          def go(x), do: own(:a, x)
          def own(:a, _), do: 1
          def own(:b, _), do: 2
          def own(c, _), do: c
        end
        """
    )
    ((call, takers),) = steps(found.functions["go", 1].clauses[0])
    assert call.full == "Top.own"
    assert [text(clause.head) for clause in takers] == ["own(:a, _)", "own(c, _)"]


def test_a_released_module_goes_with_its_last_name() -> None:
    """Nobody collects cycles while files are analysed."""
    found = module("defmodule Top do\n  def a(x), do: b(x)\n  def b(x), do: a(x)\nend")
    clauses = list(found.all_clauses())
    led_to = [[taker.node.id for _, takers in steps(c) for taker in takers] for c in clauses]
    assert led_to == [[clauses[1].node.id], [clauses[0].node.id]]
    gone = [weakref.ref(clause) for clause in clauses]
    gc.disable()
    try:
        found.release()
        del found, clauses
        assert [clause() for clause in gone] == [None, None]
    finally:
        gc.enable()
