"""Ranges of numbers and times."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.errors import ApiError
from bot.simulator.rest.issues.search.ranges import number_range, time_range


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("5", [5]),
        (">5", [6, 7, 8, 9]),
        (">=5", [5, 6, 7, 8, 9]),
        ("<5", [0, 1, 2, 3, 4]),
        ("<=2", [0, 1, 2]),
        ("3..5", [3, 4, 5]),
        ("*..2", [0, 1, 2]),
        ("8..*", [8, 9]),
        ("5..3", []),
    ],
)
def test_numbers(text: str, inside: list[int]) -> None:
    wanted = number_range(text)
    assert [n for n in range(10) if n in wanted] == inside


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("2026-03-02", [2]),
        (">2026-03-02", [3, 4]),
        (">=2026-03-02", [2, 3, 4]),
        ("<2026-03-02", [1]),
        ("<=2026-03-02", [1, 2]),
        ("2026-03-02..2026-03-03", [2, 3]),
        ("2026-03-02T12:00:00Z..*", [2, 3, 4]),
        ("<2026-03-02T12:00:00+00:00", [1]),
        ("2026-03-02T14:00:00+02:00", [2]),
    ],
)
def test_a_day_is_24_hours_long(text: str, inside: list[int]) -> None:
    wanted = time_range(text)
    noons = {day: datetime(2026, 3, day, 12, tzinfo=UTC) for day in range(1, 5)}
    assert [day for day, noon in noons.items() if noon in wanted] == inside


@pytest.mark.parametrize("text", ["", "x", ">", "2026-13-01", "9999-12-31", "1..x", "-1", "٣"])
def test_what_is_no_range_is_refused(text: str) -> None:
    for read in (number_range, time_range):
        if read is number_range or text != "9999-12-31":
            with pytest.raises(ApiError):
                read(text)
    with pytest.raises(ApiError):
        time_range("9999-12-31")


@given(st.text(max_size=30))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    for read in (number_range, time_range):
        with suppress(ApiError):
            assert read(text) is not None


@given(st.integers(0, 999), st.integers(0, 999), st.integers(0, 999))
def test_ends_belong_to_a_range(low: int, high: int, number: int) -> None:
    assert (number in number_range(f"{low}..{high}")) == (low <= number <= high)
