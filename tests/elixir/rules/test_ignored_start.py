"""Starts nobody looks at: which values go nowhere, and which starts may fail unseen."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "ignored-start"
START = "DynamicSupervisor.start_child(Sup, x)"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"{START}\n    :ok", ["warning"]),
        (f"x |> then(& &1)\n    {START}", []),
        (f"{{:ok, _}} = {START}\n    :ok", []),
        (f"_ = {START}\n    :ok", ["~discarded"]),
        (f"_pid = {START}\n    :ok", ["~discarded"]),
        (f"case {START} do\n      _ -> 1\n    end\n    :ok", []),
        (f"if x, do: {START}\n    :ok", ["warning"]),
        (f"if x do\n      {START}\n    end\n    :ok", ["warning"]),
        (f"if x do\n      1\n    else\n      {START}\n    end\n    :ok", ["warning"]),
        (f"if x do\n      {START}\n    end", []),
        (f"case x do\n      1 -> {START}\n      _ -> 2\n    end\n    :ok", ["warning"]),
        (f"Enum.each(x, fn x -> {START} end)", ["warning"]),
        ("Enum.each(x, &DynamicSupervisor.start_child(Sup, &1))", ["warning"]),
        (f"Enum.map(x, fn x -> {START} end)", []),
        (f"{START} |> check()\n    :ok", []),
        (f"check({START})\n    :ok", []),
        ("Supervisor.start_child(Sup, x)\n    :ok", ["warning"]),
        ("Task.Supervisor.start_child(Sup, x)\n    :ok", []),
        ("Other.start_child(Sup, x)\n    :ok", []),
        (f"# {START}\n    :ok", []),
        (f"fn -> {START} end\n    :ok", []),
        ("DynamicSupervisor.start_child(", []),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("Shop.Desks.open(x)\n    :ok", ["warning"]),
        ("Shop.Desks.open(x)", []),
        ("{:ok, _} = Shop.Desks.open(x)\n    :ok", []),
        ("Shop.Desks.close(x)\n    :ok", []),
        ("Shop.Doors.open(x)\n    :ok", []),
        ("Shop.Desks.open()\n    :ok", []),
    ],
)
def test_function_that_returns_the_result(call: str, said: list[str]) -> None:
    desks = f"defmodule Shop.Desks do\n  def open(x), do: {START}\n  def close(x), do: x\nend\n"
    assert outcome(RULE, {**in_function(call), "lib/desks.ex": desks}) == said


def test_function_that_looks_for_itself() -> None:
    desks = (
        f"defmodule Shop.Desks do\n  def open(x) do\n    {{:ok, p}} = {START}\n    p\n  end\nend\n"
    )
    assert outcome(RULE, {**in_function("Shop.Desks.open(x)\n    1"), "lib/desks.ex": desks}) == []


def test_tests_may_ignore() -> None:
    code = f"defmodule ATest do\n  def go(x) do\n    {START}\n    :ok\n  end\nend\n"
    assert outcome(RULE, {"test/a_test.exs": code}) == []
