"""What GitHub does not let us do, one thing after the other, up to a stage that is done."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.app_support import Plan, Running, until
from tests.flows.react.told import says

pytestmark = pytest.mark.xdist_group("app_refusals")

OWNER = "elsewhere"


def stage(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = plan.life()["stages"][0]
    return found


def withhold(app: Running, *names: str) -> None:
    app.hub.control("PUT", "/withheld", {"account": OWNER, "permissions": list(names)})


def told(plan: Plan, case: str, number: int = 0) -> bool:
    return any(says(comment["body"], case) for comment in plan.comments(number))


def test_what_is_refused_is_told_each_time_and_ends_in_a_pull_request(app: Running) -> None:
    plan = app.plan(app.place(owner=OWNER))
    withhold(app, "actions", "checks")
    plan.place.say(plan.number, "/genesis approve")
    until("what is lacking is told", lambda: told(plan, "the App lacks permissions"))
    assert plan.runs() == []
    with app.hub.faults({"kind": "event_refused", "name": "workflow_dispatch"}):
        # The owner's yes is a delivery, and brings us back.
        withhold(app)
        again = "The App has all its permissions again, and goes on."
        until("it goes on", lambda: any(again in c["body"] for c in plan.comments()))
        until("a person is asked", lambda: stage(plan)["status"] == "needs-human")
        until("why is told", lambda: told(plan, "a permission was taken away meanwhile"))
        plan.say("/genesis retry stage 1")
        until("the policy is told", lambda: told(plan, "a policy forbids the start"))
        assert (plan.runs(), stage(plan)["failures"]) == ([], 0)
    with app.hub.faults({"kind": "approval_required", "name": "pull_request"}):
        plan.say("/genesis retry stage 1")
        until("a pull request", plan.pulls)
        pull = plan.pulls()[0]["number"]
        until("it is told there", lambda: told(plan, "checks wait for approval", pull))
    until("a person is asked", lambda: stage(plan)["status"] == "needs-human")
    (run,) = plan.get("/actions/runs", status="action_required")["workflow_runs"]
    plan.place.by("writer", "POST", f"/actions/runs/{run['id']}/approve")
    until("it is ready", lambda: not plan.pulls()[0]["draft"])
    until("it is said", lambda: stage(plan)["status"] == "awaiting-review")
    assert len(plan.runs()) == 1
    assert stage(plan)["failures"] == 1
    plan.check_single()
