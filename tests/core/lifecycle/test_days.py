"""What a day may cost: attempts wait for the next one, and then go on by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from bot.core.lifecycle.budgets import APART, day, midnight, put_off
from bot.core.lifecycle.commands import Dispatch
from bot.core.lifecycle.decide import decide
from bot.core.policy import Limits, Policy
from tests.core.lifecycle.playing import Play, started
from tests.core.lifecycle.world import PLAN_ISSUE, World

TOMORROW = datetime(2026, 11, 26, tzinfo=UTC)
OURS = timedelta(seconds=APART * PLAN_ISSUE)
"""After midnight, for a plan of this issue."""


def limited(**limits: float) -> World:
    return World(policy=Policy(limits=Limits.model_validate({"attempts": 9, **limits})))


def fail(play: Play, times: int = 1) -> None:
    for n in range(times):
        play.world.end_run("failed", fingerprint=f"{play.world.now}{n}", usd=0.5)
        play.reconcile()


def runs(play: Play) -> int:
    return len(play.world.runs)


@pytest.mark.parametrize(
    ("limits", "name", "most", "then"),
    [
        ({"attempts_per_day": 2}, "limits.attempts_per_day", 2, TOMORROW + OURS),
        ({"usd_per_plan_day": 1.5}, "limits.usd_per_plan_day", 3, TOMORROW),
    ],
)
def test_what_a_day_allows_is_spent_and_the_next_day_goes_on(
    limits: dict[str, float], name: str, most: int, then: datetime
) -> None:
    play = started(limited(**limits))
    fail(play, 6)
    stage = play.life.stage(1)
    assert (runs(play), stage.status) == (most, "approved")
    assert stage.reason.startswith(f"Waits until {then:%Y-%m-%d %H:%M} UTC")
    assert name in stage.reason
    assert stage.reason in play.world.dashboard()
    decision = decide(play.life, play.world.facts(play.life))
    assert (decision.look_again, decision.commands) == (then, ())
    play.world.now = then - timedelta(seconds=1)
    play.reconcile()
    assert runs(play) == most
    play.world.now = then
    play.reconcile()
    assert (runs(play), play.life.stage(1).failures) == (most + 1, most + 1)
    assert (play.life.stage(1).reason, play.life.stage(1).not_before) == ("", None)
    fail(play, 6)
    assert runs(play) == 2 * most


def test_attempts_of_other_plans_count_and_dollars_do_not() -> None:
    world = limited(attempts_per_day=3)
    world.others = 3
    play = started(world)
    assert (runs(play), play.life.stage(1).status) == (0, "approved")
    assert "3 attempts began in this repository today" in play.life.stage(1).reason


def test_plans_that_were_put_off_do_not_all_begin_at_once() -> None:
    """Each sees what the one before began, which GitHub lists a few seconds later."""
    play, moments = started(limited(attempts_per_day=1)), set()
    for issue in range(1, 49):
        life = play.life.model_copy(update={"issue": issue})
        stage = put_off(life, life.stage(2), play.world.facts(play.life))
        assert stage is not None
        assert stage.not_before is not None
        moments.add(stage.not_before)
    ordered = sorted(moments)
    assert len(ordered) == 48
    assert min(b - a for a, b in pairwise(ordered)) > timedelta(seconds=20)
    assert ordered[-1] < TOMORROW + timedelta(minutes=30)


def test_who_asks_before_its_turn_on_the_next_day_is_served() -> None:
    play = started(limited(attempts_per_day=1))
    fail(play)
    play.world.now = TOMORROW + timedelta(seconds=5)
    play.reconcile()
    assert runs(play) == 1
    play.world.say("wim", "/genesis retry stage 1")
    play.reconcile()
    assert runs(play) == 2


def test_an_attempt_may_cost_what_is_left_of_the_day() -> None:
    play = started(limited(usd_per_plan_day=1.2, usd_per_plan=5))
    fail(play)
    allowed = [c.usd for c in play.done if isinstance(c, Dispatch)]
    assert allowed == [1.2, pytest.approx(0.7)]


def test_what_a_day_cost_is_known_after_a_new_plan_and_over_stages() -> None:
    play = started(limited(usd_per_plan_day=0.9))
    play.world.end_run("published")
    play.reconcile()
    play.world.check("success")
    play.reconcile()
    play.world.merge(1)
    play.reconcile()
    assert [s.usd_that_day for s in play.life.stages[:2]] == [0.5, 0.0]
    fail(play)
    assert play.life.stage(2).status == "approved"
    play.world.drift.add("lib/d.ex")
    play.world.say("wim", "/genesis replan")
    play.world.drift.clear()
    play.reconcile()
    play.world.say("wim", "/genesis approve")
    play.reconcile()
    assert "limits.usd_per_plan_day" in play.life.stage(2).reason
    assert runs(play) == 2


def test_a_limit_that_is_raised_counts_at_once() -> None:
    play = started(limited(attempts_per_day=1))
    fail(play)
    assert runs(play) == 1
    play.world.policy = Policy(limits=Limits(attempts=9, attempts_per_day=2))
    play.reconcile()
    assert runs(play) == 2


def test_spent_attempts_are_asked_about_even_where_the_day_is_spent() -> None:
    play = started(limited(attempts=1, attempts_per_day=1))
    fail(play)
    assert play.life.stage(1).status == "needs-human"


def test_days_are_those_of_utc() -> None:
    east = datetime(2026, 11, 26, 3, tzinfo=timezone(timedelta(hours=5)))
    assert (day(east), midnight(east)) == ("2026-11-25", TOMORROW)
    last = datetime(9999, 12, 31, 12, tzinfo=UTC)
    assert (day(last), midnight(last)) == ("9999-12-31", None)
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    assert (day(first), midnight(first)) == ("0001-01-01", None)
