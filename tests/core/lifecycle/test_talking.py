"""Comments and ticks: who is obeyed, what is answered, and that nothing is answered twice."""

from __future__ import annotations

import pytest

from bot.core.lifecycle.commands import AnyCommand
from bot.core.lifecycle.decide import decide
from bot.core.policy import Policy
from bot.core.render.github import markers
from tests.core.lifecycle.playing import Crash, Play, newborn, started, until_review
from tests.core.lifecycle.world import PLAN_ISSUE, World


def answers(play: Play, comment: int) -> list[str]:
    """What we said to a comment."""
    return [
        c.body
        for c in play.world.comments
        if c.ours and (markers.read(c.body) or {}).get("re") == str(comment)
    ]


def statuses(play: Play) -> list[str]:
    return [stage.status for stage in play.life.stages]


def asked_back(play: Play) -> list[str]:
    return [c.body for c in play.world.comments if c.ours and "kind=asked" in c.body]


def test_a_command_is_done_once_and_answered_once_where_it_was_said() -> None:
    play = started(approve=False)
    said = play.world.say("wim", "Fine.\n\n/genesis approve")
    play.reconcile()
    play.reconcile()
    assert len(answers(play, said)) == 1
    assert "stages 1, 2, 4" in answers(play, said)[0]
    assert {r for r in play.world.reactions if r[1] == said} == {(PLAN_ISSUE, said, "rocket")}
    assert play.life.replies == {}
    assert [(r.stage, r.attempt) for r in play.world.runs] == [(1, 1)]


def test_what_we_answered_is_not_obeyed_again_by_a_record_that_was_set_back() -> None:
    play = started(approve=False)
    before = play.life
    said = play.world.say("wim", "/genesis approve")
    play.reconcile()
    assert [(r.stage, r.attempt) for r in play.world.runs] == [(1, 1)]
    play.world.runs.clear()
    play.life = before
    play.reconcile()
    assert (play.world.runs, len(answers(play, said))) == ([], 1)
    assert "planned" in statuses(play)
    assert said in play.life.handled
    play.world.say("wim", "/genesis approve")
    play.reconcile()
    assert [(r.stage, r.attempt) for r in play.world.runs] == [(1, 1)]


def test_an_answer_that_somebody_else_pretends_keeps_nobody_from_being_heard() -> None:
    play = started(approve=False)
    said = play.world.say("wim", "/genesis approve")
    forged = markers.marker(play.life.plan, "reply", re=said)
    play.world.say("rea", f"Done.\n\n{forged}")
    play.reconcile()
    assert [(r.stage, r.attempt) for r in play.world.runs] == [(1, 1)]


def test_several_commands_in_one_comment_go_in_order_with_one_answer() -> None:
    play = started(approve=False)
    said = play.world.say("wim", "/genesis skip 1\n/genesis approve\n/genesis nonsense")
    play.reconcile()
    assert statuses(play)[:2] == ["skipped", "running"]
    assert len(answers(play, said)) == 1
    assert "Stage 1 is skipped" in answers(play, said)[0]
    assert "nonsense" in answers(play, said)[0]
    assert (PLAN_ISSUE, said, "confused") in play.world.reactions


@pytest.mark.parametrize(
    ("who", "what", "need"),
    [("tri", "approve", "write"), ("rea", "stop", "triage"), ("out", "status", "read")],
)
def test_who_lacks_the_role_is_told_so(who: str, what: str, need: str) -> None:
    play = started(approve=False)
    before = statuses(play)
    said = play.world.say(who, f"/genesis {what}")
    play.reconcile()
    assert statuses(play) == before
    assert f"`{need}`" in answers(play, said)[0]


def test_the_configuration_says_who_may() -> None:
    play = started(World(policy=Policy(permissions={"approve": "admin"})), approve=False)
    play.world.say("wim", "/genesis approve")
    play.reconcile()
    assert play.world.runs == []
    play.world.say("ada", "/genesis approve")
    play.reconcile()
    assert len(play.world.runs) == 1


def test_bots_command_nothing_and_are_not_answered() -> None:
    play = started(approve=False)
    said = play.world.say("bad[bot]", "/genesis approve")
    play.reconcile()
    assert statuses(play)[0] == "planned"
    assert answers(play, said) == []
    assert said not in play.life.handled


def test_an_edited_comment_is_not_obeyed() -> None:
    play = started(approve=False)
    said = play.world.say("wim", "Looks good")
    play.reconcile()
    changed = {"body": "/genesis approve", "edited": True}
    play.world.comments[-1] = play.world.comments[-1].model_copy(update=changed)
    play.reconcile()
    assert statuses(play)[0] == "planned"
    assert "Edited comments are not obeyed" in answers(play, said)[0]


def test_a_command_on_the_issue_of_a_stage_is_about_that_stage() -> None:
    play = started(approve=False)
    play.world.say("wim", "/genesis approve", on=play.life.stage(2).issue)
    play.reconcile()
    assert statuses(play)[:2] == ["planned", "approved"]


def test_a_right_that_was_lost_approves_nothing_more() -> None:
    play = until_review(started())
    play.world.roles["wim"] = "read"
    play.world.merge(1)
    play.reconcile()
    assert statuses(play)[:2] == ["merged", "planned"]
    assert "does not count any more" in play.life.stage(2).reason
    assert [r.stage for r in play.world.runs] == [1]


def test_a_plan_is_for_people_with_the_right_to_ask_for() -> None:
    play = Play(World(requested_by="tri"), newborn())
    play.reconcile()
    assert (play.life.status, play.world.analyses) == ("paused", [])
    play.world.say("wim", "/genesis plan")
    play.reconcile()
    assert (play.life.status, len(play.world.analyses)) == ("open", 1)
    assert play.life.requested.actor == "wim"


def test_a_tick_by_a_writer_is_obeyed_and_the_box_emptied() -> None:
    play = started(approve=False)
    assert play.world.tick("approve-2")
    play.reconcile(ticker=("approve-2", "wim"))
    assert statuses(play)[:2] == ["planned", "approved"]
    assert "[x]" not in play.world.dashboard()
    assert play.life.ticked == ()


def test_a_tick_waits_for_the_delivery_that_tells_who() -> None:
    play = started(approve=False)
    play.world.tick("approve")
    play.reconcile()
    assert "[x]" in play.world.dashboard()
    play.world.wait(1)
    play.reconcile(ticker=("approve", "wim"))
    assert statuses(play)[0] == "running"
    assert asked_back(play) == []


def test_an_unknown_ticker_is_asked_and_not_obeyed() -> None:
    play = started(approve=False)
    play.world.tick("approve")
    play.reconcile()
    assert decide(play.life, play.world.facts(play.life)).look_again is not None
    play.world.wait(3)
    play.reconcile()
    assert statuses(play)[0] == "planned"
    assert len(asked_back(play)) == 1
    assert "/genesis approve" in asked_back(play)[0]
    assert "[x]" not in play.world.dashboard()


def test_a_ticker_without_the_right_is_told_so() -> None:
    play = started(approve=False)
    play.world.tick("approve")
    play.reconcile(ticker=("approve", "rea"))
    assert statuses(play)[0] == "planned"
    assert "@rea" in asked_back(play)[0]


@pytest.mark.parametrize("crash", range(6))
def test_a_tick_is_obeyed_once_though_the_server_dies(crash: int) -> None:
    play = started()
    play.world.end_run("nothing")
    play.reconcile()
    assert play.world.tick("retry-1")
    try:
        play.reconcile(ticker=("retry-1", "wim"), crash_at=crash)
    except Crash:
        play.reconcile(ticker=("retry-1", "wim") if crash == 0 else None)
    assert [(r.stage, r.attempt) for r in play.world.runs] == [(1, 1), (1, 2)]
    assert asked_back(play) == []


def test_nothing_is_said_in_a_locked_conversation_and_all_of_it_afterwards() -> None:
    play = started(approve=False)
    play.world.set_issue(PLAN_ISSUE, locked=True)
    said = play.world.say("wim", "/genesis approve")
    before = len(play.world.comments)
    play.reconcile()
    assert len(play.world.comments) == before
    play.world.set_issue(PLAN_ISSUE, locked=False)
    play.reconcile()
    assert len(answers(play, said)) == 1
    assert statuses(play)[0] == "running"


def test_a_refused_command_does_not_resume_what_was_stopped() -> None:
    play = started()
    play.world.say("tri", "/genesis stop")
    play.reconcile()
    play.world.say("wim", "/genesis replan")
    play.reconcile()
    assert play.life.status == "paused"


def test_retry_resumes_without_the_label() -> None:
    play = started()
    play.world.label(PLAN_ISSUE, remove=("otp-refactor",))
    play.reconcile()
    assert (play.life.status, statuses(play)[0]) == ("paused", "paused")
    play.world.settle_cancelled()
    play.world.say("wim", "/genesis retry")
    play.reconcile()
    play.reconcile()
    assert (play.life.status, statuses(play)[0]) == ("open", "running")


def test_every_answer_and_reason_says_what_to_do_next() -> None:
    play = started(approve=False)
    for words in ("retry stage 3", "fix stage 5", "replan", "plan", "skip 1", "retry"):
        said = play.world.say("wim", f"/genesis {words}")
        play.reconcile()
        assert any(c in answers(play, said)[0] for c in ("/genesis", "close its issue", "nothing"))


def test_what_is_given_for_a_question_is_one_reaction_and_one_comment() -> None:
    play = started(approve=False)
    said = play.world.say("rea", "/genesis status")
    decision = decide(play.life, play.world.facts(play.life))
    kinds: list[AnyCommand] = list(decision.commands)
    assert [c.kind for c in kinds] == ["react", "put-comment"]
    assert decision.life.handled == (said,)
