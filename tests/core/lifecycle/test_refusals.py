"""What GitHub does not do for a stage: a person is told in its words, and nothing waits in vain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.core.lifecycle.commands import Command
from bot.core.lifecycle.decide import decide
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
    assert "An admin lets the App push to `genesis/**`" in stage.reason
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
    assert "accepts what the App asks for" in stage.reason
    assert stage.reason.endswith(
        "It is opened as soon as it can be; `/genesis retry stage 1` makes another attempt."
    )
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


@pytest.mark.parametrize(
    ("words", "mends"),
    [
        ("403 Actions has been disabled for this repository.", "switches Actions on: Settings"),
        ("403 Event 'workflow_dispatch' is not allowed", "in the workflow execution protections"),
        ("422 Cannot trigger a 'workflow_dispatch' on a disabled workflow", "enables the workflow"),
        ("422 Workflow does not have 'workflow_dispatch' trigger", "`genesis config workflow`"),
        ("422 Unexpected inputs provided: [plan]", "`.github/workflows/otp-genesis.yml`"),
        ("403 Resource not accessible by integration", "accepts what the App asks for"),
        (
            "403 GitHub Actions is not permitted to create or approve pull requests.",
            "Settings > Actions > General",
        ),
        ("418 I am a teapot", ""),
    ],
)
def test_what_mends_a_refusal_is_told_with_the_one_step_after_it(words: str, mends: str) -> None:
    play = refusing("dispatch", words)
    reason = play.life.stage(1).reason
    assert words.rstrip(".") in reason
    assert mends in reason
    assert ".." not in reason
    assert reason.endswith(
        ". `/genesis retry stage 1` tries again, `/genesis skip 1` goes on without it."
    )
    assert reason in play.world.dashboard()


def test_nothing_is_asked_of_github_over_and_over_where_it_starts_no_run() -> None:
    play = refusing("dispatch", "403 Event 'workflow_dispatch' is not allowed")
    play.done.clear()
    for _ in range(5):
        play.world.wait(11)
        play.reconcile()
    assert "dispatch" not in kinds(play.done)
    assert (play.life.stage(1).attempt, play.life.stage(1).failures) == (1, 0)


@pytest.mark.parametrize(
    ("switched_off", "said"),
    [
        (False, "not on the default branch: commit there what `genesis config workflow` prints."),
        (True, "which is switched off: enable it on the Actions page."),
    ],
)
def test_a_workflow_that_is_not_there_is_told_and_waited_for(switched_off: bool, said: str) -> None:
    play = started(World(workflow=False, switched_off=switched_off))
    stage = play.life.stage(1)
    assert (stage.status, stage.attempt) == ("approved", 0)
    assert said in play.world.dashboard()
    assert "> [!WARNING]\n> No stage can be run" in play.world.dashboard()
    again = decide(play.life, play.world.facts(play.life)).look_again
    assert again is not None
    assert again - play.world.now <= timedelta(minutes=10)
    play.world.workflow, play.world.switched_off = True, False
    play.reconcile()
    assert [(r.stage, r.attempt) for r in play.world.runs] == [(1, 1)]
