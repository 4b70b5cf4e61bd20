"""The page of a run that reacted."""

from __future__ import annotations

from bot.core.render.turn import TurnRow, turn_page


def test_where_nothing_moved_it_says_so() -> None:
    assert turn_page([TurnRow("7", "", "", (), ())], []) == "## Plans\n\nNothing moved."


def test_a_plan_that_could_not_be_looked_at_is_told() -> None:
    page = turn_page([TurnRow("7", "", "", (), ("503 Server Error",))], ["no configuration"])

    assert "- plan 7: `503 Server Error`" in page
    assert "- `no configuration`" in page


def test_plans_are_rows_and_words_of_others_are_dead() -> None:
    done = TurnRow("7", "open", "1 running", ("2 react", "dispatch"), ("a | b\n<!-- c --> `d`",))
    page = turn_page([done], [])

    assert "| #7 | open | 1 running | 2 react, dispatch |" in page
    assert "<!--" not in page
    assert "a | b" in page.splitlines()[-1]
