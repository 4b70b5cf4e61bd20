"""Checks that do not begin by themselves, as without an App: they are started on the branch."""

from __future__ import annotations

from bot.core.policy import Policy
from tests.core.lifecycle.playing import Play, published
from tests.core.lifecycle.world import World

POLICY = Policy(dispatch_checks=("test.yml", "lint.yml"))


def counts(play: Play) -> list[str]:
    return [c.workflow for c in play.done if c.kind == "start-check"]


def test_each_is_started_once_on_what_was_pushed() -> None:
    play = published(World(policy=POLICY))

    assert counts(play) == ["test.yml", "lint.yml"]
    assert play.life.stage(1).status == "checking"
    play.world.check("success", "test")
    play.world.check("success", "lint")
    play.reconcile()
    assert play.life.stage(1).status == "awaiting-review"
    assert counts(play) == ["test.yml", "lint.yml"]


def test_the_next_attempt_has_them_started_anew() -> None:
    play = published(World(policy=POLICY))
    play.world.check("success", "lint")
    play.world.check("failure", "test")
    play.reconcile()
    play.world.check("failure", "test")
    play.reconcile()
    play.world.end_run("published")
    play.reconcile()

    assert play.life.stage(1).attempt == 2
    assert counts(play) == ["test.yml", "lint.yml"] * 2
    heads = {c.head for c in play.done if c.kind == "start-check"}
    assert len(heads) == 2


def test_runs_that_wait_for_approval_hold_nobody_up_then() -> None:
    play = published(World(policy=POLICY, held=("test",)))
    play.world.check("success", "test")
    play.world.check("success", "lint")
    play.reconcile()

    assert play.life.stage(1).status == "awaiting-review"
    assert [c for c in play.world.comments if "approv" in c.body and "kind=held" in c.body] == []


def test_where_github_does_not_start_them_a_person_is_told_and_nothing_waits_for_ever() -> None:
    words = "422 Workflow does not have 'workflow_dispatch' trigger"
    play = published(World(policy=POLICY, refuses={"start-check": words}))
    stage = play.life.stage(1)

    assert stage.status == "needs-human"
    assert words in stage.reason
    assert "`dispatch_checks`" in stage.reason

    before = play.life
    play.reconcile()
    assert play.life == before
    play.world.refuses.clear()
    play.reconcile()
    assert (play.life.stage(1).status, play.life.stage(1).attempt) == ("checking", 1)


def test_nothing_is_started_where_nobody_asks_for_it() -> None:
    assert counts(published()) == []
