"""Servers made by hand: loops that a process is started in."""

from __future__ import annotations

import pytest

from bot.elixir.rules.receive_loop import RULE as RULE_OF_IT
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

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
        ("Task.Supervisor.start_child(Shop.Tasks, fn -> loop(x) end)", []),
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
        ("def loop(n) do\n receive do\n :a -> n.()\n end\n loop(n)\n end\n", ["info"]),
        (
            "def loop(n) do\n receive do\n :a -> loop(n)\n after\n 9 -> loop(0)\n end\n end\n",
            ["info"],
        ),
        ("def loop(n) do\n receive do\n :a -> n\n end\n end\n", []),
        ("def loop(n) do\n receive do\n :a -> loop(n)\n after\n 0 -> n\n end\n end\n", []),
        ("def loop(n) do\n receive do\n after\n 9 -> loop(n)\n end\n end\n", []),
        ("def loop(n), do: loop(n + 1)\n", []),
        ("def loop(0), do: 0\n def loop(n) do\n receive do\n :a -> loop(n - 1)\n end\n end\n", []),
    ],
)
def test_loops(loop: str, words: list[str]) -> None:
    assert said("spawn(fn -> loop(x) end)", loop) == words


def test_a_sink_has_nothing_to_lose() -> None:
    sink = "  def sink do\n    receive do\n      _ -> sink()\n    end\n  end\n"
    assert said("spawn(fn -> sink() end)", sink) == []
    assert said("spawn(fn -> sink() end)", sink.replace("_ ->", "m ->\n Shop.note(m)\n")) == [
        "info"
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("send(pid, :ok)", ["~stateless"]),
        ("Process.send(pid, {:ok, self_ref}, [])", ["~stateless"]),
        ("send(pid, Shop.price(pid))", ["info"]),
        ("send(pid, pid.())", ["info"]),
        ("Shop.note(pid)", ["info"]),
    ],
)
def test_a_loop_that_only_answers_has_nothing_to_look_at(answer: str, words: list[str]) -> None:
    body = f"receive do\n      {{:ask, pid}} -> {answer}\n    end\n    echo()"
    loop = f"  def echo do\n    {body}\n  end\n"
    assert said("spawn(fn -> echo() end)", loop) == words
    kept = loop.replace("echo do", "echo(kept) do").replace("    echo()", "    echo(kept)")
    assert said("spawn(fn -> echo(x) end)", kept) == words
    changed = kept.replace("    echo(kept)", "    echo([kept])")
    assert said("spawn(fn -> echo(x) end)", changed) == ["info"]


def test_it_says_of_tools_no_more_than_is_true() -> None:
    code = f"defmodule Shop.A do\n  def go(x), do: spawn(fn -> loop(x) end)\n{LOOP}end\n"
    (finding,) = analysed(RULE_OF_IT, code).findings
    assert ":sys" in finding.evidence[-1].note
    assert "no tool" not in finding.evidence[-1].note


def test_the_process_may_begin_in_another_function() -> None:
    entry = "  defp begin(n), do: loop(n)\n"
    assert said("spawn(fn -> begin(x) end)", entry + LOOP) == ["info"]


def test_tests_and_benchmarks_may_loop() -> None:
    code = f"defmodule Shop.A do\n  def go, do: spawn(fn -> loop(0) end)\n{LOOP}end\n"
    assert outcome(RULE, {"test/a_test.exs": code, "bench/a.exs": code}) == []


@pytest.mark.parametrize(
    ("ends", "again", "confidence"),
    [
        (":stop -> :ok", "loop(x, y)", "low"),
        ("_other -> exit(:normal)", "loop(x, y)", "low"),
        ("", "loop(x, y)", "medium"),
        (":reset -> loop(x, y)", "loop(x, y)", "medium"),
        (":stop -> :ok", "loop(x, y + 1)", "medium"),
        (":stop -> :ok", "loop(x, msg)", "medium"),
        (":stop -> :ok\n {:set, y} -> loop(x, y)", "loop(x, y)", "medium"),
        (":stop -> :ok\n :more -> add(x, y)", "loop(x, y)", "medium"),
        (":stop -> :ok\n :more -> back(x, y)", "loop(x, y)", "low"),
    ],
)
def test_a_loop_that_keeps_nothing_and_ends(ends: str, again: str, confidence: str) -> None:
    code = f"""\
defmodule Shop.A do
  def go(x), do: spawn(fn -> loop(x, 0) end)

  defp loop(x, y) do
    receive do
      {{:sell, msg}} ->
        Shop.Till.sell(x, msg)
        {again}

      {ends}
    end
  end

  defp add(x, y), do: loop(x, y + 1)
  defp back(x, y), do: loop(x, y)
end
"""
    (finding,) = analysed(RULE_OF_IT, code).findings
    assert finding.confidence == confidence
    assert ("no state" in finding.evidence[-1].note) is (confidence == "low")


@pytest.mark.parametrize(
    ("given", "who", "ends", "said"),
    [
        ("till", "till", ":ok", "~bound-to-caller"),
        ("till", "till", "if sold > 0, do: watch(ref, sold)", "~bound-to-caller"),
        ("till", "till", "watch(ref, sold)", "info"),
        ("_", "me", ":ok", "~bound-to-caller"),
        ("_", "Shop.Till", ":ok", "info"),
    ],
)
def test_a_loop_that_ends_with_who_it_is_for(given: str, who: str, ends: str, said: str) -> None:
    code = f"""\
defmodule Shop.Watch do
  def over({given}) do
    me = self()
    spawn(fn ->
      ref = Process.monitor({who})
      watch(ref, me)
    end)
  end

  defp watch(ref, sold) do
    receive do
      {{:DOWN, ^ref, :process, _, _}} -> {ends}
      {{:sold, price}} -> watch(ref, sold + price)
    end
  end
end
"""
    assert outcome(RULE, {"lib/watch.ex": code}) == [said]


@pytest.mark.parametrize(
    ("more", "confidence"),
    [
        ("def other(_), do: :ok", "low"),
        (
            "def other(x), do: gather([x])\ndefp gather(x) do\nreceive do\n:more -> x\nend\nend",
            "medium",
        ),
    ],
)
def test_a_message_after_which_another_function_receives_is_no_end(
    more: str, confidence: str
) -> None:
    code = f"""
    defmodule Shop.A do
      def go, do: spawn_link(fn -> loop() end)
      def loop do
        receive do
          {{:flush, from}} ->
            IO.inspect(from)
            loop()
          {{:add, x}} -> other(x)
        end
      end
      {more}
    end
    """
    (finding,) = analysed(RULE_OF_IT, code).findings
    assert finding.confidence == confidence


def test_a_process_that_starts_over_when_its_loop_has_ended_is_not_ended() -> None:
    code = """
    defmodule Shop.A do
      def go, do: spawn_link(&work/0)
      def work do
        loop()
        work()
      end
      def loop do
        receive do
          {:flush, from} ->
            IO.inspect(from)
            loop()
          :done -> :ok
        end
      end
    end
    """
    (finding,) = analysed(RULE_OF_IT, code).findings
    assert (finding.confidence, len(finding.evidence)) == ("medium", 2)
