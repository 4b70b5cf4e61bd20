"""Stages from attempt to merge: budgets, failures, reviews, and what people do to branches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.lifecycle.decide import decide
from bot.core.policy import Limits, Policy
from tests.core.lifecycle.plans import five_stages
from tests.core.lifecycle.playing import Play, started, until_review
from tests.core.lifecycle.world import PLAN_ISSUE, World


def published(world: World | None = None) -> Play:
    play = started(world)
    play.world.end_run("published")
    play.reconcile()
    return play


def status(play: Play, stage: int = 1) -> str:
    return play.life.stage(stage).status


def runs(play: Play) -> list[tuple[int, int]]:
    return [(r.stage, r.attempt) for r in play.world.runs]


def test_stages_go_in_order_each_from_the_fresh_base_until_all_is_done() -> None:
    play = started()
    for stage in (1, 2, 4):
        until_review(play)
        assert status(play, stage) == "awaiting-review"
        play.world.merge(stage)
        play.reconcile()
    assert play.life.status == "done"
    assert [run.base for run in play.world.runs] == [f"{n:040x}" for n in (1, 2, 3)]
    assert {i.state for i in play.world.issues.values()} == {"closed"}
    play.world.set_issue(PLAN_ISSUE, state="open")
    play.reconcile()
    assert play.world.issues[PLAN_ISSUE].state == "open"


def test_stage_five_is_for_people_and_done_when_its_issue_is_closed() -> None:
    play = started(approve=False)
    play.world.plan = five_stages(play.life.base, people=True)
    play.life = play.life.model_copy(update={"status": "planning", "stages": ()})
    play.reconcile()
    play.world.say("wim", "/genesis approve\n/genesis skip 1\n/genesis skip 2\n/genesis skip 4")
    play.world.say("wim", "/genesis fix stage 5")
    play.reconcile()
    assert (play.life.status, status(play, 5)) == ("open", "planned")
    assert all(stage != 5 for stage, _ in runs(play))
    play.world.set_stage_issue(5, state="closed")
    play.reconcile()
    assert play.life.status == "done"


def test_failed_jobs_run_again_once_before_the_edit_is_blamed() -> None:
    play = published()
    play.world.check("failure")
    play.reconcile()
    assert runs(play) == [(1, 1)]
    play.world.check("success")
    play.reconcile()
    assert status(play) == "awaiting-review"


def test_red_checks_start_an_attempt_that_is_told_and_leaves_out_what_failed() -> None:
    play = published()
    for _ in range(2):
        play.world.check("failure")
        play.reconcile()
    assert runs(play) == [(1, 1), (1, 2)]
    run = play.world.runs[-1]
    assert (run.cause, run.dropped) == ("checks", ("1-supervise",))
    assert play.life.stage(1).feedback == "1) test it works"


def test_the_same_failure_twice_in_a_row_stops() -> None:
    play = published()
    for _ in range(2):
        play.world.check("failure")
        play.reconcile()
    play.world.end_run("published")
    play.reconcile()
    for _ in range(2):
        play.world.check("failure")
        play.reconcile()
    assert status(play) == "needs-human"
    assert "twice" in play.life.stage(1).reason
    assert len(runs(play)) == 2


@pytest.mark.parametrize(
    ("limits", "attempts"),
    [
        (Limits(attempts=2), 2),
        (Limits(attempts=9, usd_per_stage=1.0), 2),
        (Limits(attempts=9, usd_per_plan=1.4), 3),
    ],
)
def test_no_attempt_beyond_a_budget(limits: Limits, attempts: int) -> None:
    play = started(World(policy=Policy(limits=limits)))
    for n in range(6):
        play.world.end_run("failed", fingerprint=f"f{n}")
        play.reconcile()
    assert len(runs(play)) == attempts
    assert status(play) == "needs-human"
    assert "limits." in play.life.stage(1).reason


def test_a_run_that_vanished_is_dispatched_once_more_and_then_a_person_is_asked() -> None:
    play = started(World(dispatches_vanish=True))
    play.world.wait(11)
    play.reconcile()
    assert play.life.stage(1).attempt == 2
    play.world.wait(11)
    play.reconcile()
    assert status(play) == "needs-human"


def test_a_run_is_not_asked_for_again_before_it_can_be_listed() -> None:
    play = started(World(dispatches_vanish=True))
    assert "dispatch" in {c.kind for c in play.done}
    for seconds, more in ((4, 0), (5, 0), (2, 1)):
        play.world.wait(seconds / 60)
        play.done.clear()
        play.reconcile()
        assert [c.kind for c in play.done].count("dispatch") == more


@pytest.mark.parametrize(
    "wrong", [{"plan": "8"}, {"stage": 2}, {"attempt": 7}, {"commit": ""}], ids=str
)
def test_an_outcome_is_believed_only_for_the_attempt_in_hand(wrong: dict[str, Any]) -> None:
    play = started()
    play.world.end_run("published", **wrong)
    play.reconcile()
    assert play.world.branches == {}
    assert runs(play) == [(1, 1), (1, 2)]


def test_a_review_starts_one_attempt_and_every_thread_is_answered_once() -> None:
    play = until_review(started())
    play.world.request_changes(1)
    play.world.request_changes(1, "ada")
    play.reconcile()
    assert runs(play) == [(1, 1), (1, 2)]
    assert "Why?" in play.life.stage(1).feedback
    pull = play.world.pull(1)
    assert pull is not None
    assert not any(t.answered for t in pull.threads)
    play.world.end_run("published")
    play.reconcile()
    assert pull.threads == []
    play.world.check("success")
    play.reconcile()
    assert status(play) == "awaiting-review"
    assert len(runs(play)) == 2


def test_threads_of_an_attempt_that_led_to_nothing_stay_open_and_are_answered() -> None:
    play = until_review(started())
    play.world.request_changes(1)
    play.reconcile()
    play.world.end_run("nothing")
    play.reconcile()
    pull = play.world.pull(1)
    assert pull is not None
    assert [t.answered for t in pull.threads] == [True]


def test_an_attempt_at_a_review_that_leads_to_the_same_again_asks_and_pushes_nothing() -> None:
    play = started()
    play.world.end_run("published", tree="a" * 40)
    play.reconcile()
    play.world.check("success")
    play.reconcile()
    head = play.world.branches[1]
    play.world.request_changes(1)
    play.reconcile()
    play.world.end_run("published", tree="a" * 40)
    play.reconcile()
    stage, pull = play.life.stage(1), play.world.pull(1)
    assert (stage.status, play.world.branches[1]) == ("needs-human", head)
    assert "the same changes again" in stage.reason
    assert pull is not None
    assert [t.answered for t in pull.threads] == [True], "answered, and not resolved"
    # Who wants it all the same gets it.
    play.world.say("wim", "/genesis retry stage 1")
    play.reconcile()
    play.world.end_run("published", tree="a" * 40)
    play.reconcile()
    assert (status(play), play.world.branches[1] != head) == ("checking", True)


def test_whether_it_conflicts_is_asked_again_until_github_has_worked_it_out() -> None:
    """No delivery tells that it has, after the base moved."""
    play = until_review(started())
    pull = play.world.pull(1)
    assert pull is not None

    def soon() -> bool:
        facts = play.world.facts(play.life)
        then = decide(play.life, facts).look_again
        return then is not None and then - facts.now < timedelta(minutes=1)

    assert not soon()
    pull.conflict = None
    assert soon()
    play.reconcile()
    assert (status(play), runs(play)) == ("awaiting-review", [(1, 1)])
    play.world.say("wim", "/genesis stop")
    play.reconcile()
    assert not soon(), "nothing would follow from it"
    play.world.say("wim", "/genesis retry")
    pull.conflict = True
    play.reconcile()
    assert runs(play) == [(1, 1), (1, 2)]


def test_a_new_review_of_what_waits_for_a_person_is_taken_up_like_any_other() -> None:
    play = until_review(started())
    play.world.request_changes(1)
    play.reconcile()
    play.world.end_run("nothing")
    play.reconcile()
    assert (status(play), runs(play)) == ("needs-human", [(1, 1), (1, 2)])
    # The one that led there starts no more, nor does one of somebody who may not.
    play.world.request_changes(1, "rea")
    play.reconcile()
    assert (status(play), runs(play)) == ("needs-human", [(1, 1), (1, 2)])
    play.world.request_changes(1, "ada")
    play.reconcile()
    assert runs(play) == [(1, 1), (1, 2), (1, 3)]
    assert play.life.stage(1).cause == "review"
    until_review(play)
    assert status(play) == "awaiting-review"


def test_a_review_of_what_a_person_pushed_starts_nothing() -> None:
    play = until_review(started())
    play.world.push(1)
    play.reconcile()
    play.world.request_changes(1)
    play.reconcile()
    assert (status(play), runs(play)) == ("needs-human", [(1, 1)])


def test_nothing_is_pushed_over_a_person_even_when_asked_to() -> None:
    play = until_review(started())
    play.world.push(1)
    play.reconcile()
    assert status(play) == "needs-human"
    tip = play.world.branches[1]
    play.world.say("wim", "/genesis retry stage 1")
    play.reconcile()
    assert (play.world.branches[1], runs(play)) == (tip, [(1, 1)])
    play.world.merge(1)
    play.reconcile()
    assert status(play) == "merged"


def test_a_push_while_an_attempt_is_under_way_wins() -> None:
    play = until_review(started())
    play.world.say("wim", "/genesis retry stage 1")
    play.reconcile()
    play.world.push(1)
    tip = play.world.branches[1]
    play.world.end_run("published")
    play.reconcile()
    assert (status(play), play.world.branches[1]) == ("needs-human", tip)


def test_a_closed_pull_request_is_never_opened_again_and_retry_makes_another() -> None:
    play = until_review(started())
    play.world.close_pull(1)
    play.reconcile()
    assert status(play) == "cancelled"
    play.world.say("wim", "/genesis retry stage 1")
    play.reconcile()
    play.world.end_run("published")
    play.reconcile()
    states = [p.state for p in play.world.pulls.values()]
    assert states == ["closed", "open"]
    assert play.life.stage(1).past == (min(play.world.pulls),)


def test_checks_that_never_come_are_told_and_come_late_all_the_same() -> None:
    play = published()
    play.world.wait(61)
    play.reconcile()
    assert status(play) == "needs-human"
    issue = play.world.issues[play.life.stage(1).issue]
    assert "genesis:needs-human" in issue.labels
    play.world.check("success")
    play.reconcile()
    assert status(play) == "awaiting-review"
    assert "genesis:needs-human" not in play.world.issues[issue.number].labels


def test_only_required_checks_count_and_ours_never() -> None:
    play = published(World(policy=Policy(required_checks=("lint",), ignored_checks=("test",))))
    play.world.check("failure")
    play.reconcile()
    assert (status(play), len(runs(play))) == ("checking", 1)


def test_a_draft_becomes_ready_once_and_stays_what_a_person_makes_of_it() -> None:
    play = published()
    pull = play.world.pull(1)
    assert pull is not None
    drafts = [pull.draft]
    play.world.check("success")
    play.reconcile()
    drafts.append(pull.draft)
    pull.draft = True
    play.reconcile()
    assert [*drafts, pull.draft] == [True, False, True]


def test_without_drafts_a_label_says_that_it_is_not_ready() -> None:
    play = published(World(drafts=False))
    pull = play.world.pull(1)
    assert pull is not None
    assert (pull.draft, pull.labels) == (False, {"genesis:not-ready"})
    play.world.check("success")
    play.reconcile()
    assert pull.labels == set()


def test_a_rerouted_pull_request_waits_until_it_is_put_back() -> None:
    play = until_review(started())
    pull = play.world.pull(1)
    assert pull is not None
    pull.base = "elsewhere"
    play.reconcile()
    assert status(play) == "needs-human"
    pull.base = "main"
    play.reconcile()
    assert status(play) == "awaiting-review"


def test_stopping_cancels_the_run_and_the_next_attempt_waits_for_its_end() -> None:
    play = started()
    play.world.say("tri", "/genesis stop")
    play.reconcile()
    assert play.world.runs[0].cancelling
    play.world.say("wim", "/genesis retry")
    play.reconcile()
    assert runs(play) == [(1, 1)]
    play.world.settle_cancelled()
    play.reconcile()
    assert runs(play) == [(1, 1), (1, 2)]
    assert play.life.stage(1).failures == 1


def test_a_new_plan_keeps_what_is_merged_and_asks_anew_for_the_rest() -> None:
    play = until_review(started())
    play.world.merge(1)
    play.world.drift.add("lib/c.ex")
    play.reconcile()
    assert (play.life.status, status(play, 2)) == ("stale", "stale")
    play.world.drift.clear()
    play.world.say("wim", "/genesis replan")
    issues = set(play.world.issues)
    play.reconcile()
    assert [s.status for s in play.life.stages[:2]] == ["merged", "planned"]
    assert len(play.world.analyses) == 2
    assert set(play.world.issues) == issues


def test_a_failed_analysis_is_told_and_tried_again_when_asked() -> None:
    play = started(World(plan_problem="no mix.exs"), approve=False)
    assert play.life.status == "planning"
    assert "no mix.exs" in play.world.dashboard()
    assert len(play.world.analyses) == 1
    assert decide(play.life, play.world.facts(play.life)).commands == ()
    play.world.plan_problem = ""
    play.world.say("wim", "/genesis plan")
    play.reconcile()
    assert (play.life.status, len(play.world.analyses)) == ("open", 2)


def test_a_stage_that_was_asked_for_out_of_turn_waits_for_it() -> None:
    play = started(World(policy=Policy(run="manual")), approve=False)
    play.world.say("wim", "/genesis fix stage 2")
    play.reconcile()
    assert (status(play, 2), runs(play)) == ("approved", [])
    play.world.say("wim", "/genesis skip 1")
    play.reconcile()
    assert runs(play) == [(2, 1)]


def test_automatic_runs_need_a_labeller_who_may_approve() -> None:
    policy = Policy(run="auto", permissions={"plan": "triage"})
    play = started(World(policy=policy, requested_by="tri"), approve=False)
    assert (play.life.status, runs(play)) == ("open", [])
    assert runs(started(World(policy=policy), approve=False)) == [(1, 1)]
