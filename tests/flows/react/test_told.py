"""The page that tells what people read on an issue is held to what was played."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.react.told import rows, says

TESTS = Path(__file__).parents[2]
PLAYS = (
    "flows/react/test_bad_input.py",
    "flows/react/test_bad_runs.py",
    "core/lifecycle/test_held.py",
    "github/reading/test_runs.py",
)


def test_every_row_of_the_page_was_played() -> None:
    played = "".join((TESTS / name).read_text() for name in PLAYS)
    assert len(rows()) == 21
    assert [case for case in rows() if f'"{case}"' not in played] == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("**Next:** Its run was cancelled. `/genesis retry stage 1` tries again", True),
        ("Its run was cancelled", False),
        ("", False),
    ],
)
def test_a_quote_has_to_be_there(told: str, said: bool) -> None:
    assert says(told, "somebody cancelled the run") == said


def test_what_is_left_out_of_a_quote_may_be_anything() -> None:
    case = "a run waits for approval"
    told = "Its run 42 waits for approval. Approve it on the Actions page, and it goes on by itself"
    assert says(told, case)
    assert not says(told.replace("waits", "asks"), case)
