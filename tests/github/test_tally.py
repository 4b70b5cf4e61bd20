"""What GitHub answers is counted, whatever it says."""

from __future__ import annotations

import httpx
import pytest

from bot.github.tally import Tally


def test_answers_are_counted_by_status_and_silence_too() -> None:
    tally = Tally()
    for status in (200, 200, 404):
        tally.note(httpx.Response(status))
    tally.note(None)
    assert tally.answers() == {"200": 2, "404": 1, "none": 1}
    assert tally.left() == {}


def test_the_newest_answer_says_what_is_left() -> None:
    tally = Tally()
    for left, resource in (("4999", "core"), ("29", "search"), ("4998", "core")):
        headers = {"x-ratelimit-remaining": left, "x-ratelimit-resource": resource}
        tally.note(httpx.Response(200, headers=headers))
    assert tally.left() == {"core": 4998, "search": 29}


@pytest.mark.parametrize("left", ["", "-1", "many", "9" * 50, "²"])
def test_what_is_no_number_is_not_believed(left: str) -> None:
    tally = Tally()
    tally.note(httpx.Response(200, headers=[(b"x-ratelimit-remaining", left.encode())]))
    assert tally.left() == {}
