"""The pace of creations, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.github.errors import RateLimited
from bot.github.pacing import LONGEST, RATES, Pace, Rate


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def times(count: int, gap: float, rates: tuple[Rate, ...], clock: Clock) -> list[float]:
    pace = Pace(gap, rates, clock=clock, sleep=clock.sleep)
    made = []
    for _ in range(count):
        while (pause := wait(pace)) > 0:
            clock.sleep(pause)
        made.append(clock.now)
    return made


def wait(pace: Pace) -> float:
    """Seconds after which a workflow has to come back; 0 where it need not."""
    try:
        pace.wait()
    except RateLimited as error:
        return error.retry_after
    return 0.0


def test_a_second_lies_between_two() -> None:
    assert times(3, 1.0, RATES, Clock()) == [0.0, 1.0, 2.0]


def test_the_first_after_a_rest_waits_for_nothing() -> None:
    clock = Clock()
    pace = Pace(1.0, RATES, clock=clock, sleep=clock.sleep)
    pace.wait()
    clock.now = 100.0
    pace.wait()
    assert clock.now == 100.0


@given(
    st.integers(1, 60),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.lists(st.builds(Rate, st.integers(1, 9), st.floats(1, 60)), max_size=3),
)
def test_no_window_holds_more_than_its_rate(count: int, gap: float, rates: list[Rate]) -> None:
    made = times(count, gap, tuple(rates), Clock())
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(made))
    for rate in rates:
        starts = made[: -rate.count] if len(made) > rate.count else []
        for index, start in enumerate(starts):
            assert made[index + rate.count] - start >= rate.seconds - 1e-6


def test_no_thread_is_held_for_long() -> None:
    clock = Clock()
    pace = Pace(0, (Rate(1, 3600),), clock=clock, sleep=clock.sleep)
    pace.wait()
    with pytest.raises(RateLimited) as caught:
        pace.wait()
    assert caught.value.retry_after == 3600
    assert clock.now == 0
    clock.now = 3600 - LONGEST
    pace.wait()
    assert clock.now == 3600


def test_a_rest_holds_everybody_until_it_is_over() -> None:
    clock = Clock()
    pace = Pace(0, (), clock=clock, sleep=clock.sleep)
    pace.rested()
    pace.rest(60)
    pace.rest(10)
    with pytest.raises(RateLimited) as caught:
        pace.rested()
    assert caught.value.retry_after == 60
    clock.now = 57
    pace.rested()
    assert clock.now == 60


def test_without_a_gap_nothing_is_paced() -> None:
    clock = Clock()
    pace = Pace(0, clock=clock, sleep=clock.sleep)
    for _ in range(1_000):
        pace.wait()
    assert clock.now == 0
    paced = Pace(clock=clock, sleep=clock.sleep)
    for _ in range(80):
        paced.wait()
    assert clock.now >= 79
