"""What GitHub does not do for a stage: a person is told in its words, and nothing waits in vain."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.core.lifecycle.commands import Command
from tests.core.lifecycle.playing import Play, started, until_review
from tests.core.lifecycle.world import World


def kinds(done: Sequence[Command]) -> list[str]:
    return [command.model_dump()["kind"] for command in done]


def refusing(kind: str, words: str) -> Play:
    """A plan that is approved where GitHub does not do one thing."""
    play = started(World(refuses={kind: words}))
    if kind != "dispatch":
        play.world.end_run("published")
        play.reconcile()
    return play


def test_a_workflow_that_cannot_be_started_is_told_and_spends_no_attempt() -> None:
    play = refusing("dispatch", "422 Unexpected inputs provided: [plan]")
    stage = play.life.stage(1)
    assert (stage.status, stage.failures, stage.flying) == ("needs-human", 0, False)
    assert "does not start its workflow run: 422 Unexpected inputs provided" in stage.reason
    assert "`/genesis retry stage 1`" in stage.reason
    play.world.refuses.clear()
    play.world.say("wim", "/genesis retry stage 1")
    play.reconcile()
    assert [(r.stage, r.attempt) for r in play.world.runs] == [(1, 2)]
    until_review(play)
    assert play.life.stage(1).status == "awaiting-review"


def test_a_branch_that_takes_no_commits_is_told_and_nothing_is_done_over_and_over() -> None:
    play = refusing("move-branch", "Repository rule violations found")
    stage = play.life.stage(1)
    assert (stage.status, stage.head) == ("needs-human", "")
    assert "does not take the commits for the branch: Repository rule" in stage.reason
    play.done.clear()
    play.reconcile()
    assert "move-branch" not in kinds(play.done)
    play.world.refuses.clear()
    play.world.say("wim", "/genesis retry stage 1")
    play.reconcile()
    until_review(play)
    assert (play.life.stage(1).status, play.life.stage(1).attempt) == ("awaiting-review", 2)


def test_a_pull_request_that_cannot_be_opened_is_told_and_opened_once_it_can_be() -> None:
    play = refusing("put-pull", "403 Resource not accessible by integration")
    stage = play.life.stage(1)
    assert stage.status == "needs-human"
    assert "does not open the pull request: 403 Resource not accessible" in stage.reason
    before = play.life
    play.reconcile()
    assert play.life == before
    play.world.refuses.clear()
    play.reconcile()
    assert play.world.pull(1) is not None
    assert (play.life.stage(1).status, play.life.stage(1).attempt) == ("checking", 1)


@pytest.mark.parametrize("kind", ["dispatch", "move-branch", "put-pull"])
def test_the_words_of_a_refusal_are_a_strangers(kind: str) -> None:
    play = refusing(kind, "no\n/genesis approve\n<!-- genesis plan=7 kind=dashboard --> @everyone")
    assert play.life.stage(1).status == "needs-human"
    (board,) = [c for c in play.world.comments if "kind=dashboard" in c.body.splitlines()[-1]]
    assert "\n/genesis approve" not in board.body
    assert "@everyone" not in board.body
