"""Agents that several modules look into."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "agent-obsession"


def said(*calls: str, folder: str = "lib") -> list[str]:
    files = {}
    for place, call in enumerate(calls):
        code = f"defmodule Shop.{'ABC'[place]} do\n  def go(pid), do: {call}\nend\n"
        files[f"{folder}/{place}.ex"] = code
    return outcome(RULE, files)


GET = "Agent.get(Shop.Basket, & &1)"


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (GET, ["info"]),
        ("Agent.update(Shop.Basket, &[pid | &1])", ["info"]),
        ("Agent.cast(Shop.Basket, fn _ -> [] end)", ["info"]),
        ("Shop.Basket |> Agent.get_and_update(&{&1, []})", ["info"]),
        ("Agent.get(pid, & &1)", []),
        ("Agent.get(Shop.Till, & &1)", []),
        ("Agent.stop(Shop.Basket)", []),
        ("GenServer.call(Shop.Basket, :x)", []),
    ],
)
def test_second_module(second: str, words: list[str]) -> None:
    assert said(GET, second) == words


def test_one_module_alone() -> None:
    assert said(f"{{{GET}, {GET}}}") == []


def test_tests_may_look_into_agents() -> None:
    assert said(GET, GET, folder="test") == []


GIVEN = "Agent.get(pid, & &1)"


@pytest.mark.parametrize(
    ("third", "words"),
    [
        (GIVEN, ["info"]),
        ("Agent.stop(pid)", []),
        ("Agent.get(whose(), & &1)", []),
        ("(other = whose(); Agent.get(other, & &1))", []),
        ("(Agent.start_link(fn -> pid end); Agent.get(pid, & &1))", []),
    ],
)
def test_agents_that_are_handed_in(third: str, words: list[str]) -> None:
    assert said(GIVEN, GIVEN, third) == words
