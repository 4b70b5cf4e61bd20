"""The pace of creations, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.github.pacing import RATES, Pace, Rate


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
        pace.wait()
        made.append(clock.now)
    return made


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
