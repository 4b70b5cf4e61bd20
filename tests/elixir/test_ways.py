"""Ways through a clause: what is returned, and what was passed by then."""

from __future__ import annotations

import pytest

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.ways import ways
from tests.elixir.support import module


def clause_of(body: str) -> Clause:
    code = f"defmodule A do\n  def go(x) do\n    {body}\n  end\nend\n"
    return next(module(code).all_clauses())


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("a()\nb()", ["b()"]),
        ("if x, do: 1, else: 2", ["1", "2"]),
        ("if x do\n 1\n end", ["1"]),
        ("case x do\n 1 -> :a\n _ -> if(x, do: :b, else: :c)\n end", [":a", ":b", ":c"]),
        ("cond do\n x -> 1\n true -> 2\n end", ["1", "2"]),
        ("with {:ok, y} <- x do\n y\n else\n _ -> :no\n end", ["y", ":no"]),
        ("receive do\n :m -> 1\n after\n 10 -> 2\n end", ["1", "2"]),
        ("try do\n 1\n rescue\n _ -> 2\n after\n 3\n end", ["1", "2"]),
        ("1\n rescue\n _ -> 2\n after\n 3", ["1", "2"]),
        ("x |> f()", ["x |> f()"]),
    ],
)
def test_values(body: str, values: list[str]) -> None:
    assert [text(way.result) for way in ways(clause_of(body))] == values


def test_each_branch_has_passed_its_own_pattern_only() -> None:
    first, second = ways(clause_of("n = f(x)\ncase n do\n {:a, y} -> y\n z -> 2\n end"))
    assert (first.names("y"), first.names("z")) == (True, False)
    assert (second.names("y"), second.names("z")) == (False, True)
    assert first.names("n")
    assert second.names("n")


@pytest.mark.parametrize("shape", ["try do\n {}\n rescue\n _ -> 2\n end", "{}\n rescue\n _ -> 2"])
def test_what_failed_is_tried_and_not_passed(shape: str) -> None:
    done, rescued = ways(clause_of(shape.replace("{}", "f(y)\n g(x)")))
    assert [text(n) for n in done.passed] == ["f(y)"]
    assert [text(n) for n in rescued.tried] == ["f(y)", "g(x)"]
    assert not any("y" in nodes.identifiers(n) for n in rescued.passed)
    assert rescued.names("y")


@pytest.mark.parametrize(
    ("value", "tag"), [("{:reply, 1, x}", ":reply"), ("{x, 1}", ""), ("{}", ""), (":reply", "")]
)
def test_tag(value: str, tag: str) -> None:
    assert [way.tag for way in ways(clause_of(value))] == [tag]
