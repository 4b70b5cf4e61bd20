"""Restart intensity: how many in how long, and whose options they are."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import in_function, outcome
from tests.elixir.support import analysed

RULE = "restart-intensity"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("strategy: :one_for_one, max_restarts: 1000", ["warning"]),
        ("strategy: :one_for_one, max_restarts: 1_000", ["warning"]),
        ("strategy: :one_for_one, max_restarts: 100", ["warning"]),
        ("strategy: :one_for_one, max_restarts: 99", []),
        ("strategy: :one_for_one, max_restarts: 1000, max_seconds: 3600", []),
        ("strategy: :one_for_one, max_restarts: 30, max_seconds: 1", ["warning"]),
        ("strategy: :one_for_one, max_restarts: 3", []),
        ("strategy: :one_for_one, max_restarts: 0", []),
        ("strategy: :one_for_one, max_restarts: many()", []),
        ("strategy: :one_for_one, max_restarts: 1000, max_seconds: x", []),
        ("strategy: :one_for_one, max_restarts: 1000, max_seconds: 0", []),
    ],
)
def test_limits(options: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(f"Supervisor.init(x, {options})")) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Postgrex.start_link(max_restarts: 1000)", []),
        ("Desk.start(x, max_restarts: 1000, max_seconds: 1)", ["info"]),
        ("[{Desk, [x, [max_restarts: 1000, max_seconds: 1]]}]", ["info"]),
        ("[{Desk, [x, [max_restarts: 1000, max_seconds: 1] ++ x]}]", ["info"]),
        ("Supervisor.init(x, [strategy: :one_for_one, max_restarts: 1000] ++ x)", ["warning"]),
        ("[{Supervisor, strategy: :one_for_one, max_restarts: 1000}]", ["warning"]),
        ("DynamicSupervisor.init(max_restarts: 1000)", ["info"]),
        ("[{DynamicSupervisor, name: A, max_restarts: 1000}]", ["info"]),
        ("[{Shop.Pool, name: A, max_restarts: 1000}]", []),
        ("opts = [strategy: :one_for_one, max_restarts: 500]\n    opts", ["warning"]),
        ("# max_restarts: 1000\n    x", []),
        ("[max_restarts: ", []),
    ],
)
def test_owners(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


def test_attribute_is_looked_up() -> None:
    code = """\
defmodule Shop.Sup do
  use Supervisor
  @most 5_000
  def init(_), do: Supervisor.init([], strategy: :one_for_one, max_restarts: @most)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["warning"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("# It is possible that many end at once\nmax_restarts: 1000", ["~stated"]),
        (
            "# In a busy hour\n# many end at once because they are short\nmax_restarts: 1000",
            ["~stated"],
        ),
        (
            "max_restarts: 1000,\n# so that a busy hour does not count at all\nmax_seconds: 1",
            ["~stated"],
        ),
        ("# many restarts because of it\nmax_restarts: 1000", ["warning"]),
        ("# this is how many restarts are allowed here\nmax_restarts: 1000", ["warning"]),
        ("# TODO: find out why it was possible to get here\nmax_restarts: 1000", ["warning"]),
    ],
)
def test_a_reason_that_a_comment_gives(options: str, said: list[str]) -> None:
    body = f"Supervisor.init(x,\nstrategy: :one_for_one,\n{options}\n)"
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize(
    ("options", "pause"),
    [
        ("max_restarts: 1000, max_seconds: 5", 6),
        ("max_restarts: 100, max_seconds: 1", 20),
        ("max_restarts: 20, max_seconds: 1", 100),
    ],
)
def test_how_often_a_child_may_die_for_ever(options: str, pause: int) -> None:
    """In each `max_seconds + 1` seconds, which is what `supervisor` looks back on at most."""
    body = f"Supervisor.init(x, strategy: :one_for_one, {options})"
    (finding,) = analysed(rule(RULE), in_function(body)).findings
    assert finding.evidence[0].note.startswith(f"one child that dies every {pause} ms, or more")
