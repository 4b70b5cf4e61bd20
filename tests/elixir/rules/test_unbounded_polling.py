"""Polling without a deadline: helpers of tests only, and only where nothing can end them."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "unbounded-polling"


def said(helper: str, test: str = "wait(x)", path: str = "test/a_test.exs") -> list[str]:
    code = f"""\
defmodule Shop.ATest do
  use ExUnit.Case

  test "works" do
    {test}
  end

  {helper}
end
"""
    return outcome(RULE, {path: code})


def looks(again: str = "wait(x)", pause: str = "Process.sleep(5)", more: str = "") -> str:
    return f"""\
defp wait(x) do
    {more}
    if x.() do
      :ok
    else
      {pause}
      {again}
    end
  end
"""


@pytest.mark.parametrize(
    ("helper", "words"),
    [
        (looks(), ["info"]),
        (looks(pause=":timer.sleep(5)"), ["info"]),
        (looks(again="x |> wait()"), ["info"]),
        (looks(more="log(x)").replace("defp", "def"), ["info"]),
        ("defp wait(x), do: Process.alive?(x) && wait(x)", ["info"]),
        ("defp wait(x), do: unless(Process.whereis(x), do: wait(x))", ["info"]),
        ("defp wait(x \\\\ 1) do\nif x > 1 do\nProcess.sleep(5)\nwait(x)\nend\nend", ["info"]),
        (looks(again="wait(x - 1)"), []),
        (looks(more="x = next(x)"), []),
        (looks(pause=""), []),
        (looks(again="spawn(fn -> wait(x) end)"), []),
        (looks(more="System.monotonic_time()"), ["~deadline"]),
        (looks(more="give_up(x)") + "defp give_up(x), do: DateTime.utc_now() > x", ["~deadline"]),
        (
            "defp wait(x, t) do\nif Clock.now() < t do\nProcess.sleep(5)\nx.() || wait(x, t)\n"
            'else\nraise "late"\nend\nend',
            ["~gives-up"],
        ),
        (
            "defp wait(x, t) do\ncond do\nx.() -> 1\nClock.now() >= t -> flunk(x)\n"
            "true ->\nProcess.sleep(5)\nwait(x, t)\nend\nend",
            ["~gives-up"],
        ),
        # What it compares is what it waits for: no branch of it fails.
        ("defp wait(x, n) do\nif x.() < n do\nProcess.sleep(5)\nwait(x, n)\nend\nend", ["info"]),
        ("defp wait(x) do\nProcess.sleep(5)\nwait(x)\nend", []),
        ("defp wait(x) do\nreceive do\n_ -> wait(x)\nafter\n5 -> :ok\nend\nend", []),
        ("defp wait(x) do\nreceive do\n:a -> :ok\nafter\n5 -> wait(x)\nend\nend", ["info"]),
        ("defp wait(x) do\nreceive do\n:a -> Process.alive?(x) && wait(x)\nend\nend", []),
        ("defp wait(x), do: x && Process.sleep(5)", []),
        ("defp wait([x | rest]) do\nProcess.sleep(x)\nif rest, do: wait(rest)\nend", []),
    ],
)
def test_helpers(helper: str, words: list[str]) -> None:
    assert said(helper) == words


@pytest.mark.parametrize(
    "test", ["spawn_link(fn -> wait(x) end)", "Task.async(__MODULE__, :wait, [x])"]
)
def test_loops_of_other_processes(test: str) -> None:
    assert said(looks(), test) == ["~worker"]


def test_a_counter_in_another_clause() -> None:
    counted = looks() + "defp wait(_, 0), do: flunk()\n"
    assert said(counted) == ["info"]
    assert said("defp wait(0), do: :ok\n" + looks(again="wait(x - 1)")) == []


def test_code_of_the_application() -> None:
    assert said(looks(), path="lib/a.ex") == []


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("@tag timeout: 2_000", ["~tagged"]),
        ("@tag :slow\n  @tag timeout: 2_000\n  # and no longer\n  @tag :odd", ["~tagged"]),
        ("@tag timeout: :infinity", ["info"]),
        ("@tag :slow", ["info"]),
        ('@tag timeout: 9\n  test "is fast" do\n    go()\n  end', ["info"]),
    ],
)
def test_the_test_says_how_long_it_may_take(tag: str, words: list[str]) -> None:
    test = f'def go, do: 1\n  {tag}\n  test "waits" do\n    wait(x)\n  end\n  {looks()}'
    assert said(test, test="go()") == words


def test_one_of_two_tests_says_how_long_it_may_take() -> None:
    test = f'@tag timeout: 9\n  test "waits" do\n    wait(x)\n  end\n  {looks()}'
    assert said(test, test="wait(y)") == ["info"]


@pytest.mark.parametrize(
    ("look", "said"),
    [
        ("{count, _} = stock.look()", []),
        ("%{count: count} = stock.look()", []),
        ("[count | _] = stock.look()", []),
        ("{^count, _} = stock.look()", ["info"]),
        ("{other, _} = stock.look()", ["info"]),
        ("stock.look() |> case do\n count -> fill(stock, count)\n end", []),
    ],
)
def test_a_new_look_that_a_pattern_binds(look: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Await do
  def fill(stock, count) do
    if count < 3 do
      Process.sleep(10)
      {look}
      fill(stock, count)
    end
  end
end
"""
    assert outcome(RULE, {"test/support/await.ex": code}) == said


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("fn -> again(f) end |> Task.async() |> Task.await(5_000)", ["~awaited"]),
        ("(fn -> again(f) end) |> Task.async() |> Task.await()", ["~awaited"]),
        ("Task.await(Task.async(fn -> again(f) end))", ["~awaited"]),
        ("fn -> again(f) end |> spawn()", ["~worker"]),
        ("fn -> again(f) end |> then(& &1.())", ["info"]),
        ("fn -> again(f) end |> Task.async() |> Task.await(:infinity)", ["info"]),
        ("Task.await(Task.async(fn -> again(f) end), :infinity)", ["info"]),
    ],
)
def test_a_task_that_is_waited_for(run: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Await do
  def ok(f), do: {run}

  defp again(f) do
    Process.sleep(10)
    if f.() != :ok, do: again(f)
  end
end
"""
    assert outcome(RULE, {"test/support/await.ex": code}) == said
