"""Excerpts parse."""

from __future__ import annotations

from bot.core.plan import Change
from bot.elixir.source import Source
from bot.flows.excerpt import before_and_after, parses, standing_alone

CODE = "defmodule A do\n  def go(x) do\n    x\n    |> spawn()\n  end\n\n  def other, do: 1\nend\n"


def test_lines_that_do_not_parse_are_widened_to_their_clause() -> None:
    source = Source("lib/a.ex", CODE.encode())
    assert not parses(source.quote(4, 4))
    first, last, code = standing_alone(source, 4, 4)
    assert (first, last) == (2, 5)
    assert parses(code)


def test_lines_that_parse_stay_as_they_are() -> None:
    source = Source("lib/a.ex", CODE.encode())
    assert standing_alone(source, 7, 7) == (7, 7, "  def other, do: 1")


def test_a_change_is_shown_by_the_clauses_it_touches() -> None:
    change = Change(path="lib/a.ex", before=CODE, after=CODE.replace("spawn()", "start()"))
    before, after = before_and_after([change])
    assert before == "def go(x) do\n  x\n  |> spawn()\nend"
    assert after == "def go(x) do\n  x\n  |> start()\nend"


def test_a_new_file_has_no_before() -> None:
    before, after = before_and_after(
        [Change(path="lib/b.ex", before="", after="defmodule B do\nend\n")]
    )
    assert (before, after) == ("", "defmodule B do\nend")
