"""The verdict on an attempt, and the test that goes with it, without running anything."""

from __future__ import annotations

import pytest

from bot.core.verdict import CheckResult, Verdict
from bot.flows.bench import Bench
from bot.flows.pipelines.packs import Packs
from bot.flows.session import Session
from bot.flows.skills import Skills
from bot.flows.trial import Trial
from bot.llm.offline import SkillRequest
from bot.llm.types import Request
from tests.flows.support import SHOP, planned_session, repository

SPAWN = "1-supervise-spawn"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Session:
    top = tmp_path_factory.mktemp("skills")
    return planned_session(repository(top / "shop"), top / "cache")


@pytest.fixture
def skills(planned: Session) -> Skills:
    """At an attempt for the spawn's action; the work tree stays closed."""
    bench = Bench(planned)
    bench.trial = Trial(planned.need_plan().action(SPAWN))
    return Skills(planned, bench)


def asked(skill: str, skills: Skills, **more: object) -> SkillRequest:
    action = skills.session.need_plan().action(SPAWN).id
    return SkillRequest(skill, Request(()), {"action": action, **more}, {})


def judged(skills: Skills, verdict: Verdict, before: Verdict | None = None) -> tuple[str, str]:
    assert skills.bench.trial is not None
    skills.bench.trial.verdict = verdict
    feedback = None if before is None else {"verdict": before.model_dump(mode="json")}
    answer = skills.verdict(asked("verify.verdict", skills, feedback=feedback))
    assert answer["reasons"] == list(verdict.reasons)
    return answer["status"], answer["next_action"]


FAILED = Verdict(status="failed", reasons=("test x failed",), fingerprint="f1")
OTHER = FAILED.model_copy(update={"fingerprint": "f2"})
FLAKY = Verdict(status="flaky", reasons=("test x is flaky",), fingerprint="f1")


@pytest.mark.parametrize(
    ("verdict", "before", "step"),
    [
        (Verdict(status="passed"), FAILED, ("passed", "commit")),
        (FAILED, None, ("failed", "retry")),
        (FAILED, OTHER, ("failed", "retry")),
        (FAILED, FAILED, ("failed", "give_up")),
        (FLAKY, FLAKY, ("failed", "retry")),
        (Verdict(status="failed"), Verdict(status="failed"), ("failed", "retry")),
        (Verdict(status="cannot-build", fingerprint="f"), None, ("failed", "give_up")),
    ],
)
def test_the_next_step_follows_from_the_checks_alone(
    skills: Skills, verdict: Verdict, before: Verdict | None, step: tuple[str, str]
) -> None:
    assert judged(skills, verdict, before) == step


def checks(**status: str) -> Verdict:
    made = [
        CheckResult(name=name.replace("_", "-"), status=value, summary="")
        for name, value in status.items()
    ]
    return Verdict(status="failed", checks=tuple(made), fingerprint="f")


def test_a_change_of_a_codemod_that_does_not_compile_is_not_made_again(skills: Skills) -> None:
    broken = checks(compile="failed")
    assert judged(skills, broken) == ("failed", "give_up")
    skills.bench.trial = Trial(skills.session.need_plan().action(SPAWN), by_model=True)
    assert judged(skills, broken) == ("failed", "retry")


def test_a_test_that_is_never_red_is_left_out_of_the_next_attempt(skills: Skills) -> None:
    skills.bench.open_stage(1)
    with_test = skills.test(asked("tests.generate", skills))
    assert with_test["content"].startswith("defmodule ")
    assert skills.bench.trial is not None
    assert skills.bench.trial.test is not None
    only_red = checks(compile="passed", test="passed", generated_test_red="failed")
    assert judged(skills, only_red) == ("failed", "retry")
    skills.bench.trial = Trial(skills.bench.trial.action)
    without = skills.test(asked("tests.generate", skills))
    assert (without["path"], without["content"]) == ("", "")
    assert "not red on the base" in without["reason"]
    # No test is proved, so the proof is called structural.
    assert skills.bench.trial.test is None


def test_a_test_stays_when_something_else_failed_too(skills: Skills) -> None:
    judged(skills, checks(test="failed", generated_test_red="failed"))
    assert skills.unshowable == set()
    judged(skills, checks(generated_test_green="failed"))
    assert skills.unshowable == set()


def test_the_plan_lists_what_is_left_to_do_in_order(planned: Session) -> None:
    skills = Skills(planned, Bench(planned))
    made = skills.plan(asked("plan.documents", skills))
    assert (made["plan"], len(made["documents"])) == ("local-1", 6)
    ids = [a["id"] for a in made["actions"]]
    assert all(ids.index(d) < ids.index(a["id"]) for a in made["actions"] for d in a["depends_on"])
    assert [a.id for a in planned.trying] == ids
    one = skills.plan(asked("plan.documents", skills, only=SPAWN, stage="1"))
    assert [a["id"] for a in one["actions"]] == ids


def test_findings_are_those_of_the_commit(planned: Session) -> None:
    skills = Skills(planned, Bench(planned))
    (found,) = skills.analyze(asked("analyze.codebase", skills))["findings"]
    assert (found["rule"], found["path"], found["line"]) == (
        "unsupervised-spawn", "lib/shop/mail.ex", 3,
    )  # fmt: skip
    pack = Packs().analyse({"lib/shop/mail.ex": SHOP["lib/shop/mail.ex"]})
    assert [f.rule for f in pack.findings] == ["unsupervised-spawn"]
