"""The clock that can be set forward."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.simulator.clock import FARTHEST, Clock


@pytest.mark.parametrize("seconds", [-1, FARTHEST.total_seconds() + 1, 1e300, float("nan")])
def test_steps_that_are_refused_leave_it_as_it_is(seconds: float) -> None:
    clock = Clock()
    with pytest.raises(ValueError, match=r"the clock goes|NaN"):
        clock.advance(seconds)
    assert clock.ahead == timedelta()


def test_many_steps_lead_no_farther_than_one() -> None:
    clock = Clock()
    clock.advance(FARTHEST.total_seconds())
    with pytest.raises(ValueError, match="at most"):
        clock.advance(1)
    # A thousand years on is still a date: no view that adds to the clock can fail.
    assert (clock.now() + timedelta(days=366 * 1000)).year > 3000
