"""What people approved against what the code asks for by now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.core.plan import Action, Plan, StagePlan
from bot.core.state import ActionState
from bot.errors import Unusable
from bot.flows.stage_run.approved import (
    ANSWERED,
    DROPPED,
    GONE,
    accepted,
    choose,
    read_approved,
    states,
)
from bot.flows.stage_run.order import StageOrder

SHA = "a" * 40


def action(name: str, **more: Any) -> Action:
    given = {
        "id": name,
        "stage": int(name[0]),
        "title": name,
        "fix": "automatic",
        "rule": "r",
        "finding_ids": (),
        "files": (),
        "problem": "p",
        "steps": (),
        "how_to_test": "",
        "done_when": (),
    }
    return Action.model_validate(given | more)


def plan(*actions: Action, **more: Any) -> Plan:
    stages = tuple(
        StagePlan(
            number=n,
            title="t",
            summary="s",
            problem="p",
            risk="low",
            effort="e",
            actions=tuple(a for a in actions if a.stage == n),
            verification=(),
            rollback=(),
        )
        for n in range(1, 6)
    )
    given = {"id": "7", "goal": "g", "commit": SHA, "app": "shop", "stages": stages}
    rest = {"coverage": (), "tree_today": "", "tree_planned": ""}
    return Plan.model_validate(given | rest | more)


def order(**more: Any) -> StageOrder:
    given = {"plan": "7", "plan_commit": SHA, "stage": 1, "attempt": 1, "base": SHA}
    return StageOrder.model_validate(given | more)


def test_only_what_was_approved_is_done_as_the_code_asks_for_it_now() -> None:
    approved = plan(action("1-a-aaaaaa"), action("1-b-bbbbbb"), action("2-c-cccccc"))
    fresh = plan(action("1-a-aaaaaa", diff="new"), action("1-d-dddddd"), action("2-c-cccccc"))
    chosen = choose(approved, fresh, order())
    assert [a.id for a in chosen.plan.actions()] == ["1-a-aaaaaa", "2-c-cccccc"]
    assert chosen.plan.action("1-a-aaaaaa").diff == "new"
    assert (chosen.gone, chosen.unplanned) == (("1-b-bbbbbb",), ("1-d-dddddd",))
    ended = states(chosen, chosen.state(), order())
    assert [(s.id, s.status, s.reason) for s in ended] == [
        ("1-a-aaaaaa", "pending", ""),
        ("1-b-bbbbbb", "skipped", GONE),
    ]


@pytest.mark.parametrize(
    ("approved", "fresh", "done_as"),
    [
        ("automatic", "automatic", "automatic"),
        ("automatic", "assisted", "assisted"),
        ("assisted", "automatic", "assisted"),
        ("advice", "automatic", "advice"),
        ("automatic", "advice", "advice"),
    ],
)
def test_nothing_is_done_that_was_shown_as_a_question(
    approved: str, fresh: str, done_as: str
) -> None:
    chosen = choose(
        plan(action("1-a-aaaaaa", fix=approved, decision="May it?")),
        plan(action("1-a-aaaaaa", fix=fresh)),
        order(),
    )
    assert chosen.plan.action("1-a-aaaaaa").fix == done_as


def test_a_question_is_answered_by_asking_for_the_very_action() -> None:
    asked = {"fix": "assisted", "codemod": "name", "decision": "Which name?"}
    both = plan(
        action("1-a-aaaaaa", **asked),
        action("1-b-bbbbbb", **asked, depends_on=("1-a-aaaaaa",)),
        action("1-c-cccccc", **asked),
        action("1-d-dddddd", fix="advice", decision="Who?"),
    )
    chosen = choose(both, both, order(only="1-b-bbbbbb")).plan
    fixes = {a.id: a.fix for a in chosen.actions()}
    assert fixes == {
        "1-a-aaaaaa": "automatic",
        "1-b-bbbbbb": "automatic",
        "1-c-cccccc": "assisted",
        "1-d-dddddd": "advice",
    }
    assert chosen.action("1-b-bbbbbb").steps == (f"{ANSWERED}Which name?",)
    assert accepted(both, order(only="1-d-dddddd")) == frozenset()


@pytest.mark.parametrize("only", ["", "1-a", "1-a-aaaaa"])
def test_whoever_asks_for_less_than_the_very_action_answers_nothing(only: str) -> None:
    both = plan(action("1-a-aaaaaa", fix="assisted", codemod="name", decision="Which name?"))
    assert accepted(both, order(only=only)) == frozenset()
    assert choose(both, both, order(only=only)).plan.action("1-a-aaaaaa").fix == "assisted"


def test_an_answer_does_not_count_for_what_was_shown_as_advice() -> None:
    shown = plan(action("1-a-aaaaaa", fix="advice", decision="Who?"))
    fresh = plan(action("1-a-aaaaaa", fix="assisted", codemod="name"))
    assert choose(shown, fresh, order(only="1-a-aaaaaa")).plan.action("1-a-aaaaaa").fix == "advice"


def test_what_is_dropped_is_left_out_and_says_so() -> None:
    both = plan(action("1-a-aaaaaa"), action("1-b-bbbbbb"))
    chosen = choose(both, both, order(dropped="1-b-bbbbbb,1-gone-cccccc"))
    state = chosen.state()
    assert state.action("1-b-bbbbbb").status == "declined"
    assert state.action("1-b-bbbbbb").reason == DROPPED
    assert state.action("1-a-aaaaaa").status == "pending"


def test_foundations_of_other_stages_are_told_of_when_they_were_done() -> None:
    both = plan(action("1-a-aaaaaa"), action("2-b-bbbbbb", depends_on=("1-a-aaaaaa",)))
    chosen = choose(both, both, order(stage=2))
    done = chosen.state().with_action(ActionState(id="1-a-aaaaaa", status="committed"))
    assert [s.id for s in states(chosen, done, order(stage=2))] == ["1-a-aaaaaa", "2-b-bbbbbb"]


def life(**more: Any) -> PlanLife:
    given = {
        "plan": "7",
        "repository": "acme/shop",
        "issue": 7,
        "requested": Asked(actor="writer", source="label"),
        "stages": (StageLife(number=1, feedback="red"),),
    }
    return PlanLife.model_validate(given | more)


def test_the_plan_is_read_with_what_failed_before(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(plan().model_dump_json())
    (tmp_path / "lifecycle.json").write_text(life().model_dump_json())
    found = read_approved(tmp_path, order())
    assert (found.feedback(1), found.feedback(2)) == ("red", "")
    with pytest.raises(Unusable, match="holds plan '7', not '8'"):
        read_approved(tmp_path, order(plan="8"))
    (tmp_path / "lifecycle.json").write_text("{}")
    with pytest.raises(Unusable, match=r"lifecycle\.json of the plan does not read"):
        read_approved(tmp_path, order())
    (tmp_path / "plan.json").unlink()
    with pytest.raises(Unusable, match=r"no plan\.json"):
        read_approved(tmp_path, order())
