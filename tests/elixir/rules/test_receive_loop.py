"""Servers made by hand: loops that a process is started in."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "receive-loop"
LOOP = """\
  def loop(n) do
    receive do
      :add -> loop(n + 1)
    end
  end
"""


def said(start: str, loop: str = LOOP) -> list[str]:
    code = f"defmodule Shop.A do\n  def go(x), do: {start}\n{loop}end\n"
    return outcome(RULE, {"lib/a.ex": code})


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("spawn(fn -> loop(x) end)", ["info"]),
        ("spawn_link(fn ->\n Shop.ready()\n loop(x)\n end)", ["info"]),
        ("spawn(__MODULE__, :loop, [x])", ["info"]),
        ("Task.start_link(fn -> loop(x) end)", ["info"]),
        ("Task.start_link(__MODULE__, :loop, [x])", ["info"]),
        ("loop(x)", []),
        ("spawn(fn -> x end)", []),
        ("spawn(Other, :loop, [x])", []),
        ("spawn(__MODULE__, :other, [x])", []),
    ],
)
def test_starts(start: str, words: list[str]) -> None:
    assert said(start) == words


@pytest.mark.parametrize(
    ("loop", "words"),
    [
        ("def loop(n) do\n receive do\n :a -> n\n end\n loop(n)\n end\n", ["info"]),
        (
            "def loop(n) do\n receive do\n :a -> loop(n)\n after\n 9 -> loop(0)\n end\n end\n",
            ["info"],
        ),
        ("def loop(n) do\n receive do\n :a -> n\n end\n end\n", []),
        ("def loop(n) do\n receive do\n :a -> loop(n)\n after\n 0 -> n\n end\n end\n", []),
        ("def loop(n) do\n receive do\n after\n 9 -> loop(n)\n end\n end\n", []),
        ("def loop(n), do: loop(n + 1)\n", []),
    ],
)
def test_loops(loop: str, words: list[str]) -> None:
    assert said("spawn(fn -> loop(x) end)", loop) == words


def test_the_process_may_begin_in_another_function() -> None:
    entry = "  defp begin(n), do: loop(n)\n"
    assert said("spawn(fn -> begin(x) end)", entry + LOOP) == ["info"]


def test_tests_and_benchmarks_may_loop() -> None:
    code = f"defmodule Shop.A do\n  def go, do: spawn(fn -> loop(0) end)\n{LOOP}end\n"
    assert outcome(RULE, {"test/a_test.exs": code, "bench/a.exs": code}) == []
