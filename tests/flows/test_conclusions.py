"""What the workflow's results become in the plan's record."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.plan import Action
from bot.core.state import ActionStatus
from bot.core.verdict import Baseline
from bot.flows.bench import Bench
from bot.flows.conclusions import Conclusions
from bot.flows.watch import Place, Silent
from bot.pipeline.results import StepEvent, StepResult
from tests.flows.support import planned_session, repository

SUPERVISOR, SPAWN = "1-add-task-supervisor", "1-supervise-spawn"


class Ends(Silent):
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        self.seen.append((status, detail))


@pytest.fixture
def ended(tmp_path: Path) -> Conclusions:
    opened = planned_session(repository(tmp_path / "shop"), tmp_path / "cache")
    return Conclusions(opened, Bench(opened, Ends()))


def result(made: Conclusions, start: str, status: str, *reasons: str) -> dict[str, object]:
    action = made.session.need_plan().action(start).id
    return {"action": action, "status": status, "reasons": list(reasons), "commit": ""}


def recorded(made: Conclusions, start: str) -> tuple[str, str]:
    state = made.session.need_state().action(made.session.need_plan().action(start).id)
    return state.status, state.reason


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("failed", "failed"),
        ("needs-decision", "patch"),
        ("needs-model", "skipped"),
        ("unchanged", "skipped"),
        ("a word of a changed pipeline", "failed"),
    ],
)
def test_the_pipelines_words_become_states(ended: Conclusions, word: str, status: str) -> None:
    ended.conclude([result(ended, SPAWN, word, "first", "second")])
    assert recorded(ended, SPAWN) == (status, "first")
    assert recorded(ended, SUPERVISOR)[0] == "pending"


def test_an_action_is_concluded_once_however_often_it_is_seen(ended: Conclusions) -> None:
    one = result(ended, SPAWN, "failed", "why")
    step = StepResult("record", "set_variable", "succeeded", data={"results": [one]})
    for _ in range(2):
        ended.observe(StepEvent("finished", "w/record", "record", "set_variable", result=step))
    ended.conclude([one, result(ended, SPAWN, "unchanged", "later")])
    assert recorded(ended, SPAWN) == ("failed", "why")
    assert isinstance(ended.bench.watch, Ends)
    assert ended.bench.watch.seen == [("failed", "why")]


def test_what_is_blocked_names_what_is_missing(ended: Conclusions) -> None:
    missing = ended.session.need_plan().action(SUPERVISOR).id
    ended.conclude([result(ended, SPAWN, "blocked", missing)])
    assert recorded(ended, SPAWN) == ("skipped", f"depends on {missing}, which is not done")


def test_where_nothing_builds_a_blocked_action_is_a_patch(ended: Conclusions) -> None:
    ended.bench.taken = Baseline(tree="t", buildable=False, reason="no hex")
    ended.conclude([result(ended, SPAWN, "blocked", SUPERVISOR)])
    assert recorded(ended, SPAWN) == ("patch", "cannot build here: no hex")


def test_a_question_of_its_own_is_asked_whatever_it_waits_for(ended: Conclusions) -> None:
    session = ended.session
    made, spawn = session.need_plan(), session.need_plan().action(SPAWN)
    asked = spawn.model_copy(update={"fix": "assisted", "decision": "Who starts it?"})
    stages = tuple(
        s.model_copy(update={"actions": tuple(asked if a == spawn else a for a in s.actions)})
        for s in made.stages
    )
    session.plan = made.model_copy(update={"stages": stages})
    missing = made.action(SUPERVISOR).id
    ended.conclude([result(ended, SPAWN, "blocked", missing)])
    assert recorded(ended, SPAWN) == ("patch", f"Who starts it? It depends on {missing}.")
