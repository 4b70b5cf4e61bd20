"""The limits by themselves: windows, charges, refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.clock import Clock
from bot.simulator.errors import ApiError
from bot.simulator.limits.charge import Charge, Resource
from bot.simulator.limits.limits import Limits
from bot.simulator.limits.windows import Sliding

CHARGE = Charge(
    key="user 1",
    who="user ID 1",
    resource="core",
    limit=5_000,
    window=3600,
    points=1,
    points_limit=900,
    creates_content=False,
)
CONTENT = replace(CHARGE, points=5, creates_content=True)


def limits(enforced: bool = True) -> tuple[Clock, Limits]:
    clock = Clock()
    return clock, Limits(clock, enforced)


def spend(limits: Limits, charge: Charge, times: int = 1) -> None:
    for _ in range(times):
        limits.enter(charge)
        limits.leave(charge, counted=True)


def refusal(limits: Limits, charge: Charge) -> ApiError:
    with pytest.raises(ApiError) as caught:
        limits.enter(charge)
    return caught.value


def test_the_primary_limit_ends_and_begins_anew() -> None:
    clock, counted = limits()
    few = replace(CHARGE, limit=3)
    spend(counted, few, 3)
    reset = counted.left(few).reset
    error = refusal(counted, few)
    assert (error.status, error.message) == (403, "API rate limit exceeded for user ID 1.")
    assert counted.left(few).headers() == {
        "x-ratelimit-limit": "3",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-used": "3",
        "x-ratelimit-reset": str(reset),
        "x-ratelimit-resource": "core",
    }
    assert reset - clock.seconds() == pytest.approx(3600, abs=2)
    clock.advance(3599)
    refusal(counted, few)
    clock.advance(2)
    spend(counted, few)
    assert counted.left(few).remaining == 2


def test_refused_calls_cost_nothing() -> None:
    _, counted = limits()
    few = replace(CHARGE, limit=1)
    spend(counted, few)
    for _ in range(5):
        refusal(counted, few)
    assert counted.left(few).used == 1


def test_a_304_costs_nothing() -> None:
    _, counted = limits()
    counted.enter(CHARGE)
    counted.leave(CHARGE, counted=False)
    assert counted.left(CHARGE).used == 0


def test_resources_and_callers_have_limits_of_their_own() -> None:
    _, counted = limits()
    few = replace(CHARGE, limit=1)
    spend(counted, few)
    search: Resource = "search"
    spend(counted, replace(few, resource=search, window=60))
    spend(counted, replace(few, key="user 2"))
    refusal(counted, few)


def test_what_is_free_is_always_let_in() -> None:
    _, counted = limits()
    spend(counted, replace(CHARGE, limit=1))
    free = replace(CHARGE, limit=1, free=True)
    spend(counted, free, 3)
    assert counted.left(free).used == 1


def test_points_of_a_minute() -> None:
    clock, counted = limits()
    writes = replace(CHARGE, points=5)
    spend(counted, writes, 180)
    error = refusal(counted, writes)
    assert error.status == 403
    assert error.message.startswith("You have exceeded a secondary rate limit. Please wait")
    assert 58 <= int(error.headers["retry-after"]) <= 60
    graphql: Resource = "graphql"
    spend(counted, replace(writes, resource=graphql, points_limit=2_000))
    clock.advance(int(error.headers["retry-after"]))
    spend(counted, writes)


def test_content_of_a_minute_and_of_an_hour() -> None:
    clock, counted = limits()
    spend(counted, CONTENT, 80)
    error = refusal(counted, CONTENT)
    assert error.message == (
        "You have exceeded a secondary rate limit and have been temporarily blocked from content"
        " creation. Please retry your request again later."
    )
    spend(counted, CHARGE)
    made = 80
    while made < 500:
        clock.advance(60)
        burst = min(80, 500 - made)
        spend(counted, CONTENT, burst)
        made += burst
    clock.advance(60)
    later = refusal(counted, CONTENT)
    assert int(later.headers["retry-after"]) > 3_000
    clock.advance(int(later.headers["retry-after"]))
    spend(counted, CONTENT)


def test_a_hundred_calls_at_once() -> None:
    _, counted = limits()
    for _ in range(100):
        counted.enter(CHARGE)
    assert refusal(counted, CHARGE).headers["retry-after"] == "60"
    counted.enter(replace(CHARGE, key="user 2"))
    counted.leave(CHARGE, counted=True)
    counted.enter(CHARGE)


def test_without_enforcement_everything_is_counted_and_let_in() -> None:
    _, counted = limits(enforced=False)
    few = replace(CONTENT, limit=3)
    spend(counted, few, 300)
    assert (counted.left(few).used, counted.left(few).remaining) == (300, 0)


def test_without_enforcement_no_call_is_remembered_by_itself() -> None:
    """A soak without limits would fill the memory with them."""
    _, counted = limits(enforced=False)
    spend(counted, CONTENT, 300)
    counted.enforced = True
    counted.enter(CONTENT)
    counted.leave(CONTENT, counted=True)
    assert counted.left(CONTENT).used == 301


@given(
    st.lists(
        st.tuples(st.floats(0, 30, allow_nan=False), st.integers(1, 5)), min_size=1, max_size=60
    )
)
def test_a_sliding_window_holds_the_last_minute(steps: list[tuple[float, int]]) -> None:
    window, now, added = Sliding(60.0), 1_000.0, []
    for wait, amount in steps:
        now += wait
        window.at(now).add(now, amount)
        added.append((now, amount))
    assert window.total == sum(amount for at, amount in added if at > now - 60.0)
    wait = window.frees(now, 1)
    before = window.total
    assert window.at(now + wait + 1e-6).total < before or before == 0
