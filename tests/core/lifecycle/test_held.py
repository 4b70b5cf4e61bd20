"""Runs and checks that wait for approval, and runs that a person cancels."""

from __future__ import annotations

import pytest

from bot.core.lifecycle.outcome import OutcomeStatus
from bot.core.render.github.words import status_of
from tests.core.lifecycle.playing import Play, published, started, until_review
from tests.core.lifecycle.world import World
from tests.flows.react.told import says


def on_pull(play: Play) -> list[str]:
    """Our comments on the pull request of stage 1."""
    pull = play.world.pull(1)
    assert pull is not None
    return [c.body for c in play.world.comments if c.ours and c.on == pull.number]


def test_a_run_that_waits_for_approval_is_told_and_goes_on_by_itself() -> None:
    play = started()
    play.world.hold_run()
    play.reconcile()
    stage, run = play.life.stage(1), play.world.runs[0]
    said = f"Its run {run.id} waits for approval. Approve it on the Actions page"
    assert said in play.world.dashboard()
    assert says(play.world.dashboard(), "a run waits for approval")
    assert status_of(stage, play.world.facts(play.life)) == "🙋 needs you"
    play.done.clear()
    play.world.wait(24 * 60)
    play.reconcile()
    assert not run.cancelling
    assert "dispatch" not in [c.kind for c in play.done]
    play.world.start_run()
    play.reconcile()
    assert said not in play.world.dashboard()
    assert until_review(play).life.stage(1).status == "awaiting-review"
    assert (play.life.stage(1).attempt, play.life.stage(1).failures) == (1, 1)


@pytest.mark.parametrize(("begun", "said"), [(True, "took too long"), (False, "No runner took")])
def test_a_run_that_never_ends_is_given_up_and_told(begun: bool, said: str) -> None:
    play = started()
    if begun:
        play.world.start_run()
    play.reconcile()
    play.world.wait(5 * 60 + 1)
    play.reconcile()
    assert play.life.stage(1).status == "needs-human"
    assert said in play.life.stage(1).reason
    assert play.world.runs[0].cancelling


def test_checks_that_wait_for_approval_are_told_on_the_pull_request_and_are_not_red() -> None:
    play = published(World(held=("test",)))
    stage = play.life.stage(1)
    pull = play.world.pull(1)
    assert pull is not None
    assert (stage.status, stage.failures, stage.dropped, stage.reran) == ("needs-human", 1, (), ())
    said = f"GitHub does not begin `test` on #{pull.number} before somebody who may write approves"
    assert stage.reason.startswith(said)
    assert "before somebody who may write approves it" in play.world.dashboard()
    assert [said in body for body in on_pull(play)] == [True]
    assert play.world.our_check(1).conclusion == "action_required"
    play.world.wait(3 * 60)
    play.reconcile()
    assert len(on_pull(play)) == 1
    assert len(play.world.runs) == 1


def test_checks_that_were_approved_count_and_have_their_whole_time() -> None:
    play = published(World(held=("test",)))
    play.world.wait(3 * 60)
    play.reconcile()
    play.world.approve_checks()
    play.reconcile()
    assert play.life.stage(1).status == "checking"
    assert [body.partition("\n")[0] for body in on_pull(play)] == [
        "The checks that waited for approval were approved. They count like any other."
    ]
    play.world.wait(59)
    play.reconcile()
    assert play.life.stage(1).status == "checking"
    play.world.check("success")
    play.reconcile()
    assert play.life.stage(1).status == "awaiting-review"
    assert len(on_pull(play)) == 1


def test_green_checks_beside_those_that_wait_are_not_all() -> None:
    play = published(World(ci=("test", "lint"), held=("lint",)))
    play.world.check("success")
    play.reconcile()
    assert play.life.stage(1).status == "needs-human"
    pull = play.world.pull(1)
    assert pull is not None
    assert pull.draft


def test_no_check_at_all_is_told_with_the_pull_request_to_merge() -> None:
    play = published(World(ci=()))
    play.world.wait(61)
    play.reconcile()
    pull = play.world.pull(1)
    assert pull is not None
    said = (
        "No check began within 60 minutes: see whether a workflow runs on `pull_request` and its"
        f" runs are allowed to begin, or merge #{pull.number} without them."
    )
    assert play.life.stage(1).reason == said
    assert "No check began within 60 minutes" in play.world.dashboard()


@pytest.mark.parametrize("status", [None, "failed", "nothing", "refused"])
def test_a_run_that_a_person_cancels_is_not_made_again_whatever_it_reports(
    status: OutcomeStatus | None,
) -> None:
    play = started()
    play.world.start_run()
    play.reconcile()
    play.world.end_run(status, conclusion="cancelled")
    play.reconcile()
    stage = play.life.stage(1)
    assert stage.status == "needs-human"
    assert stage.reason == (
        "Its run was cancelled. `/genesis retry stage 1` tries again, `/genesis skip 1` goes on"
        " without it."
    )
    assert len(play.world.runs) == 1
    play.world.say("wim", "/genesis retry stage 1")
    play.reconcile()
    assert [r.attempt for r in play.world.runs] == [1, 2]


def test_what_a_cancelled_run_had_published_already_counts() -> None:
    play = started()
    play.world.start_run()
    play.reconcile()
    play.world.end_run("published", conclusion="cancelled")
    play.reconcile()
    assert play.life.stage(1).status == "checking"
