"""Red checks that are not the edit's fault, or turn green later, and days that are spent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.app_support import QUICK_CHECKS, Plan, Running, kiosk, until

pytestmark = pytest.mark.xdist_group("app_red")

RED = """\
cat <<'END'
  1) test it rings (Kiosk.AlarmTest)
     test/kiosk/alarm_test.exs:1
     Assertion with == failed
     code:  assert 1 == 2
END
"""
CI = ".github/workflows/ci.yml"
EVERYWHERE = QUICK_CHECKS.replace(
    "on: pull_request", "on: {push: {branches: [main]}, pull_request: }"
)


def stage(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = plan.life()["stages"][0]
    return found


def our_check(plan: Plan) -> dict[str, Any]:
    where = f"/commits/{plan.pulls()[0]['head']['sha']}/check-runs"
    (check,) = plan.get(where, check_name="genesis/stage-1")["check_runs"]
    found: dict[str, Any] = check
    return found


def attempts(plan: Plan, *wanted: int) -> bool:
    return plan.runs() == [f"genesis {plan.number} stage 1 attempt {n}" for n in wanted]


def test_what_is_red_on_the_base_is_told_and_an_attempt_from_a_mended_one_is_green(
    app: Running,
) -> None:
    place = app.place(kiosk(**{"ci.sh": f"{RED}exit 1\n", CI: EVERYWHERE}))
    tip = place.tip("main")
    where = f"/commits/{tip}/check-runs"

    def judged() -> bool:
        found = place.by("admin", "GET", where)["check_runs"]
        return [c["conclusion"] for c in found if c["name"] == "mix test"] == ["failure"]

    until("the base is red", judged)
    plan = app.plan(place)
    plan.say("/genesis approve")
    until("it waits for a person", lambda: stage(plan)["status"] == "awaiting-review")
    plan.go_on()
    assert attempts(plan, 1)
    assert (stage(plan)["failures"], stage(plan)["reran"], stage(plan)["dropped"]) == (1, [], [])
    (pull,) = plan.pulls()
    assert pull["draft"]
    said = "`mix test` is red on the base as well"
    assert plan.shown(said)
    assert [said in c["body"] for c in plan.comments(pull["number"])] == [True]
    check = our_check(plan)
    assert check["conclusion"] == "neutral"
    assert said in check["output"]["summary"]
    assert "One commit." in check["output"]["summary"]
    place.commit("main", {"ci.sh": "exit 0\n"})
    plan.say("/genesis retry stage 1")
    until("it is ready", lambda: not plan.pulls()[0]["draft"])
    until("it is said", lambda: stage(plan)["status"] == "awaiting-review")
    until("it is shown", lambda: our_check(plan)["conclusion"] == "success")
    assert attempts(plan, 1, 2)
    assert "One commit." in our_check(plan)["output"]["summary"]
    assert not plan.shown(said)


def test_checks_that_a_person_runs_again_take_the_stage_back(app: Running) -> None:
    flaky = f'if [ "$GITHUB_RUN_ATTEMPT" -ge 3 ]; then exit 0; fi\n{RED}exit 1\n'
    plan = app.plan(app.place(kiosk(**{"ci.sh": flaky})))
    plan.say("/genesis approve")
    until("a person is asked", lambda: stage(plan)["status"] == "needs-human")
    assert "same failure twice" in stage(plan)["reason"]
    assert attempts(plan, 1, 2)
    head = plan.pulls()[0]["head"]["sha"]
    (run,) = plan.get("/actions/runs", event="pull_request", head_sha=head)["workflow_runs"]
    plan.place.by("writer", "POST", f"/actions/runs/{run['id']}/rerun-failed-jobs")
    until("it is ready", lambda: not plan.pulls()[0]["draft"])
    until("it is said", lambda: stage(plan)["status"] == "awaiting-review")
    plan.go_on()
    assert attempts(plan, 1, 2)
    assert stage(plan)["reason"] == ""
    assert plan.pulls()[0]["head"]["sha"] == head


def test_a_day_that_is_spent_is_waited_for(app: Running) -> None:
    limits = "version: 1\nlimits: {attempts_per_day: 1}\n"
    plan = app.plan(app.place(kiosk(**{".github/otp-genesis.yml": limits})))
    plan.say("/genesis approve")
    until("it is ready", lambda: plan.pulls() and not plan.pulls()[0]["draft"])
    until("it is said", lambda: stage(plan)["status"] == "awaiting-review")
    plan.say("/genesis retry stage 1")
    until("it waits", lambda: stage(plan)["reason"].startswith("Waits until"))
    plan.go_on()
    assert stage(plan)["status"] == "approved"
    assert "`limits.attempts_per_day`" in stage(plan)["reason"]
    assert plan.shown("1 attempt began in this repository today")
    assert attempts(plan, 1)
