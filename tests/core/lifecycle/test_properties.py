"""What holds whatever happens, in any order, with deliveries lost and the server killed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.lifecycle.decide import decide
from bot.core.lifecycle.state import BUSY
from bot.core.policy import Limits, Policy
from tests.core.lifecycle.happenings import BY_CI, BY_PEOPLE, POWERLESS, happen, windows
from tests.core.lifecycle.playing import Crash, Play, started, until_review
from tests.core.lifecycle.world import World

EVERYTHING = {**BY_CI, **BY_PEOPLE}
SLOW = {"cancel-run"}
"""Commands whose effect takes GitHub a while: they are given again until it is seen."""
STARTS = ("asked", "made", "running", "in review", "second stage")
POLICIES = st.sampled_from(
    [
        Policy(),
        Policy(run="auto"),
        Policy(run="manual"),
        Policy(stages=(1, 4), draft=False),
        Policy(limits=Limits(attempts=1, usd_per_plan=1.2)),
        Policy(limits=Limits(attempts_per_day=1, usd_per_plan_day=0.6)),
        Policy(required_checks=("test",)),
    ]
)


def at(start: str, policy: Policy) -> Play:
    """A plan that has come so far, in a world with this configuration."""
    world = World(policy=policy)
    if start == "asked":
        return started(world, approve=False)
    play = started(world, approve=start != "made")
    if start in ("in review", "second stage"):
        play.world.say("ada", "/genesis fix stage 1")
        play.reconcile()
        until_review(play)
    if start == "second stage":
        play.world.merge(1)
        play.reconcile()
    return play


def shown(play: Play) -> dict[str, Any]:
    """All there is, to be compared."""
    return {"life": play.life, **vars(play.world)}


plays = st.builds(at, st.sampled_from(STARTS), POLICIES)


@settings(max_examples=60)
@given(play=plays, story=windows(EVERYTHING, 12))
def test_it_always_comes_to_an_end_and_breaks_no_rule(
    play: Play, story: list[tuple[str, ...]]
) -> None:
    """The world raises for two attempts in flight, lost commits, doubled objects, late writes."""
    for names in story:
        happen(play, names)
        play.reconcile()
        again = decide(play.life, play.world.facts(play.life))
        assert again.life == play.life
        assert {command.kind for command in again.commands} <= SLOW
        assert sum(stage.status in BUSY for stage in play.life.stages) <= 1
    for stage in play.life.stages:
        assert stage.failures <= play.world.policy.limits.attempts


@settings(max_examples=30)
@given(
    play=plays,
    story=windows(EVERYTHING),
    data=st.data(),
)
def test_lost_doubled_and_reordered_deliveries_end_in_the_same(
    play: Play, story: list[tuple[str, ...]], data: st.DataObject
) -> None:
    other = deepcopy(play)
    for names in story:
        happen(play, names)
        happen(other, names)
        for _ in range(data.draw(st.integers(1, 4), label="deliveries")):
            other.reconcile()
        play.reconcile()
    assert shown(other) == shown(play)


@settings(max_examples=40)
@given(play=plays, story=windows(EVERYTHING), data=st.data())
def test_a_crash_anywhere_ends_in_the_same(
    play: Play, story: list[tuple[str, ...]], data: st.DataObject
) -> None:
    other = deepcopy(play)
    for names in story:
        happen(play, names)
        happen(other, names)
        steps = play.reconcile()
        for _ in range(data.draw(st.integers(0, 2), label="crashes")):
            step = data.draw(st.integers(0, max(0, steps - 1)), label="step")
            try:
                other.reconcile(crash_at=step)
            except Crash:
                continue
        other.reconcile()
        assert shown(other) == shown(play)


@settings(max_examples=30)
@given(play=plays, story=windows(EVERYTHING), noise=windows(POWERLESS))
def test_who_has_no_right_changes_nothing(
    play: Play, story: list[tuple[str, ...]], noise: list[tuple[str, ...]]
) -> None:
    other = deepcopy(play)
    for at_, names in enumerate(story):
        happen(play, names)
        happen(other, names)
        play.reconcile()
        happen(other, noise[at_ % len(noise)])
        other.reconcile()
        ours, theirs = play.life.stages, other.life.stages
        assert [(s.status, s.attempt, s.cause, s.only) for s in ours] == [
            (s.status, s.attempt, s.cause, s.only) for s in theirs
        ]
        assert (play.life.status, play.life.replans) == (other.life.status, other.life.replans)
        runs = [(r.stage, r.attempt) for r in play.world.runs]
        assert runs == [(r.stage, r.attempt) for r in other.world.runs]


@pytest.mark.parametrize("crash", range(30))
def test_a_whole_story_survives_a_crash_at_every_step(crash: int) -> None:
    calm, shaken = started(), started()
    for name in ("a run publishes", "checks fail", "checks fail", "a run publishes", "merge"):
        happen(calm, (name,))
        happen(shaken, (name,))
        calm.reconcile()
        try:
            shaken.reconcile(crash_at=crash)
        except Crash:
            shaken.reconcile()
        assert shown(shaken) == shown(calm)
    assert calm.life.stage(1).status == "merged"
