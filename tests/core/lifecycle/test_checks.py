"""Red checks: whose fault they are, how often they run, and when a person is asked."""

from __future__ import annotations

from bot.core.lifecycle.decide import decide
from bot.core.policy import Limits, Policy
from tests.core.lifecycle.playing import Play, started
from tests.core.lifecycle.world import World


def published(world: World | None = None) -> Play:
    play = started(world)
    play.world.end_run("published")
    play.reconcile()
    return play


def red(play: Play, name: str = "test") -> Play:
    """Its checks red, and red again once the failed jobs have had their second chance."""
    for _ in range(2):
        play.world.check("failure", name)
        play.reconcile()
    return play


def stuck(world: World | None = None) -> Play:
    """Two attempts with the same failure."""
    play = red(published(world))
    play.world.end_run("published")
    play.reconcile()
    return red(play)


def status(play: Play, stage: int = 1) -> str:
    return play.life.stage(stage).status


def attempts(play: Play) -> list[int]:
    return [r.attempt for r in play.world.runs if r.stage == 1]


# ----- red on the base as well -----


def test_what_is_red_on_the_base_as_well_is_not_blamed_and_waits_for_a_person() -> None:
    play = published(World(red_on_base={"test"}))
    before = play.life.stage(1)
    play.done.clear()
    play.world.check("failure")
    play.reconcile()
    stage = play.life.stage(1)
    assert stage.status == "awaiting-review"
    assert (stage.attempt, stage.failures, stage.dropped) == (1, before.failures, ())
    assert (stage.fingerprints, stage.reran) == ((), ())
    assert {c.kind for c in play.done}.isdisjoint({"rerun-failed", "dispatch", "mark-ready"})
    assert "`test` is red on the base as well" in stage.reason


def test_it_is_named_in_the_dashboard_the_check_and_the_pull_request() -> None:
    play = published(World(red_on_base={"test"}))
    play.world.check("failure")
    play.reconcile()
    pull = play.world.pull(1)
    assert pull is not None
    check = play.world.our_check(1)
    told = [c.body for c in play.world.comments if c.on == pull.number]
    assert len(told) == 1
    for text in (play.world.dashboard(), check.summary, told[0]):
        assert "`test` is red on the base as well" in text
    assert (check.status, check.conclusion) == ("completed", "neutral")
    assert "red on the base" in check.title


def test_it_stays_a_draft_until_the_checks_are_green() -> None:
    play = published(World(red_on_base={"test"}))
    play.world.check("failure")
    play.reconcile()
    pull = play.world.pull(1)
    assert pull is not None
    assert pull.draft
    play.world.run_checks_again()
    play.reconcile()
    assert status(play) == "checking"
    play.world.check("success")
    play.reconcile()
    assert (status(play), play.life.stage(1).reason, pull.draft) == ("awaiting-review", "", False)
    assert "red on the base" not in play.world.our_check(1).title
    assert play.world.our_check(1).conclusion == "success"


def test_what_is_red_beside_it_starts_an_attempt_that_is_told_both() -> None:
    play = published(World(ci=("lint", "test"), red_on_base={"lint"}))
    play.world.check("failure", "lint")
    red(play)
    assert attempts(play) == [1, 2]
    stage = play.life.stage(1)
    assert stage.feedback.startswith("1) test it works")
    assert stage.reran == tuple(c.run for c in play.world._all_checks() if c.name == "test")[:1]
    assert "`lint` is red on the base as well" in stage.feedback


def test_what_a_person_mends_on_the_base_is_judged_anew() -> None:
    play = published(World(red_on_base={"test"}))
    play.world.check("failure")
    play.reconcile()
    play.world.red_on_base.clear()
    play.reconcile()
    assert status(play) == "checking"
    red(play)
    assert attempts(play) == [1, 2]


def test_many_long_names_are_not_all_told() -> None:
    names = tuple(f"check {n} @octocat `" + "x" * 200 for n in range(30))
    play = published(World(ci=names, red_on_base=set(names)))
    for name in names:
        play.world.check("failure", name)
    play.reconcile()
    assert status(play) == "awaiting-review"
    assert len(play.life.stage(1).reason) < 1_000
    assert len(play.world.our_check(1).title) <= 255


# ----- failed jobs that GitHub does not run again -----


def test_a_run_that_is_refused_a_second_chance_leads_to_the_next_attempt() -> None:
    play = published(World(reruns=False))
    play.world.check("failure")
    play.reconcile()
    assert len(play.world.refused) == 1
    assert play.life.stage(1).reran == tuple(play.world.refused)
    assert attempts(play) == [1, 2]


def test_a_second_chance_that_never_comes_is_waited_for_within_a_bound() -> None:
    play = published()
    play.world.check("failure")
    decision = decide(play.life, play.world.facts(play.life))
    play.life = decision.life
    assert decision.look_again is not None
    for minutes, expected in ((59, "checking"), (2, "approved")):
        play.world.wait(minutes)
        later = decide(play.life, play.world.facts(play.life))
        assert later.life.stage(1).status in (expected, "queued")
        assert ("rerun-failed" in {c.kind for c in later.commands}) == (expected == "checking")


# ----- the same failure twice -----


def test_after_the_same_failure_twice_checks_that_turn_green_go_back_to_review() -> None:
    play = stuck()
    assert (status(play), attempts(play)) == ("needs-human", [1, 2])
    play.world.run_checks_again("success")
    play.reconcile()
    stage = play.life.stage(1)
    assert (stage.status, stage.reason, stage.stuck) == ("awaiting-review", "", "")
    assert attempts(play) == [1, 2]
    assert play.world.our_check(1).conclusion == "success"
    issue = play.world.issues[stage.issue]
    assert "genesis:needs-human" not in issue.labels


def test_checks_that_a_person_runs_again_are_waited_for_from_then_on() -> None:
    play = stuck()
    play.world.wait(24 * 60)
    play.world.run_checks_again()
    play.reconcile()
    assert status(play) == "checking"
    play.world.check("success")
    play.reconcile()
    assert status(play) == "awaiting-review"


def test_the_same_failure_again_asks_again_and_costs_nothing() -> None:
    play = stuck()
    reason = play.life.stage(1).reason
    play.world.run_checks_again()
    play.reconcile()
    play.world.check("failure")
    play.reconcile()
    assert (status(play), play.life.stage(1).reason) == ("needs-human", reason)
    assert attempts(play) == [1, 2]


def test_red_checks_that_only_look_different_start_nothing_while_nobody_runs_them() -> None:
    play = stuck()
    for pull in play.world.pulls.values():
        for check in play.world.checks[pull.head]:
            check.fails = "its log is gone"
    play.reconcile()
    assert (status(play), attempts(play)) == ("needs-human", [1, 2])


def test_spent_attempts_wait_for_green_checks_as_well() -> None:
    play = red(published(World(policy=Policy(limits=Limits(attempts=1)))))
    assert status(play) == "needs-human"
    assert "limits.attempts" in play.life.stage(1).reason
    play.world.run_checks_again("success")
    play.reconcile()
    assert (status(play), attempts(play)) == ("awaiting-review", [1])


def test_an_attempt_that_failed_before_it_was_published_leaves_the_way_back_open() -> None:
    play = red(published())
    for _ in range(2):
        play.world.end_run("failed", fingerprint="f")
        play.reconcile()
    assert (status(play), attempts(play)) == ("needs-human", [1, 2, 3])
    play.world.run_checks_again("success")
    play.reconcile()
    assert status(play) == "awaiting-review"


def test_green_checks_take_nothing_back_from_other_reasons() -> None:
    play = started()
    play.world.end_run("published")
    play.reconcile()
    play.world.check("success")
    play.reconcile()
    play.world.request_changes(1)
    play.reconcile()
    play.world.end_run("nothing")
    play.reconcile()
    assert status(play) == "needs-human"
    play.world.run_checks_again("success")
    play.reconcile()
    assert status(play) == "needs-human"


def test_a_review_of_what_is_stuck_starts_an_attempt_and_a_conflict_does_not() -> None:
    play = stuck()
    pull = play.world.pull(1)
    assert pull is not None
    pull.conflict = True
    play.reconcile()
    assert (status(play), attempts(play)) == ("needs-human", [1, 2])
    pull.conflict = False
    play.world.request_changes(1)
    play.reconcile()
    assert attempts(play) == [1, 2, 3]
    assert play.life.stage(1).stuck == ""


def test_what_is_stuck_says_why_again_after_its_pull_request_was_elsewhere() -> None:
    play = stuck()
    reason, pull = play.life.stage(1).reason, play.world.pull(1)
    assert pull is not None
    pull.base = "elsewhere"
    play.reconcile()
    assert "elsewhere" in play.life.stage(1).reason
    pull.base = "main"
    play.reconcile()
    assert play.life.stage(1).reason == reason


# ----- our own check -----


def test_the_final_check_holds_the_evidence_of_the_attempt() -> None:
    play = published()
    play.world.check("success")
    play.reconcile()
    assert status(play) == "awaiting-review"
    check = play.world.our_check(1)
    assert check.status == "completed"
    assert "### Evidence\n\nOne commit." in check.summary
