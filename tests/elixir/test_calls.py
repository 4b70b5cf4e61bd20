"""What a call means, pipes and captures counted in, and where it runs."""

from __future__ import annotations

import pytest

from bot.elixir.calls import Call
from bot.elixir.nodes import text
from tests.elixir.support import module


def calls(body: str) -> list[Call]:
    found = module(
        f"defmodule Top do\n  def go(x) do\n    {body}\n  end\n\n  def own(a, b \\\\ 1), do: a\nend"
    )
    return found.functions["go", 1].clauses[0].calls


def one(body: str, name: str) -> Call:
    return next(c for c in calls(body) if c.name == name)


@pytest.mark.parametrize(
    ("body", "full", "arity"),
    [
        ("Task.start(x)", "Task.start", 1),
        ("x |> Task.start()", "Task.start", 1),
        ("x |> Enum.map(f) |> Task.start(1)", "Task.start", 2),
        ("Enum.each(x, &Task.start/1)", "Task.start", 1),
        ("Enum.each(x, &Task.start(&1))", "Task.start", 1),
        ("own(x)", "Top.own", 1),
        ("x |> own(2)", "Top.own", 2),
        ("Enum.map(x, &own/2)", "Top.own", 2),
        ("__MODULE__.own(x)", "Top.own", 1),
    ],
)
def test_name_and_arity(body: str, full: str, arity: int) -> None:
    assert (full, arity) in [(c.full, c.arity) for c in calls(body)]


def test_a_local_of_another_arity_is_not_the_own_function() -> None:
    assert one("own(x, 1, 2)", "own").module == ""


def test_the_piped_value_is_the_first_argument() -> None:
    assert [text(a) for a in one("x |> f() |> Task.start(:b)", "start").args] == ["f()", ":b"]


def test_the_call_a_value_is_piped_into() -> None:
    following = one("Task.async(x) |> Task.await()", "async").next_in_pipe
    assert following is not None
    assert text(following) == "Task.await()"


def test_calls_of_anonymous_functions_have_no_name() -> None:
    assert [c.name for c in calls("x.()")] == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("Task.start(fn -> work() end)", "Task.start"),
        ("Task.Supervisor.async(S, fn -> Enum.map(x, &work/1) end)", "Task.Supervisor.async"),
        ("Task.start(work(x))", ""),
        ("Enum.map(x, fn y -> work(y) end)", ""),
        ("Agent.update(x, &work(&1))", "Agent.update"),
        ("Supervisor.start_link([{Task, fn -> work() end}], [])", "Task"),
        ("quote do: work()", ""),
    ],
)  # fmt: skip
def test_where_it_runs(body: str, place: str) -> None:
    assert one(body, "work").runs_in == place


@pytest.mark.parametrize(
    ("body", "deferred"),
    [
        ("work()", False),
        ("Enum.map(x, fn y -> work(y) end)", False),
        ("Enum.map(x, &work(&1))", False),
        ("Shop.Repo.transaction(fn -> work() end)", False),
        ("then(x, fn y -> work(y) end)", False),
        (":telemetry.span([:a], %{}, fn -> work() end)", False),
        (":telemetry.attach(:a, [:b], fn _, _, _, _ -> work() end, nil)", True),
        (":timer.tc(fn -> work() end)", False),
        (":timer.apply_interval(9, fn -> work() end)", True),
        ("Map.update(x, :a, 1, fn y -> work(y) end)", False),
        ("Map.put(x, :later, fn -> work() end)", True),
        ("later = fn -> work() end", True),
        ("own(fn -> work() end)", True),
        ("Shop.Queue.push(fn -> work() end)", True),
        ("%{job: fn -> work() end}", True),
        ("Enum.map(x, fn y -> own(fn -> work(y) end) end)", True),
    ],
)
def test_a_stored_function_runs_nobody_knows_when(body: str, deferred: bool) -> None:
    assert one(body, "work").deferred is deferred


def test_quoted_code_is_for_elsewhere() -> None:
    assert one("quote do\n spawn(x)\n end", "spawn").in_quote
    assert not one("spawn(x)", "spawn").in_quote
    assert not one("quote do\n unquote(spawn(x))\n end", "spawn").in_quote
    assert one("quote do\n unquote(x)\n spawn(x)\n end", "spawn").in_quote
    assert one("quote do\n quote do\n unquote(spawn(x))\n end\n end", "spawn").in_quote
    assert one("quote unquote: false do\n unquote(spawn(x))\n end", "spawn").in_quote
    assert one("quote bind_quoted: [x: x] do\n unquote(spawn(x))\n end", "spawn").in_quote
