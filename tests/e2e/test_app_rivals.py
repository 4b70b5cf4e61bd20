"""Others who do what is ours to do, before us or beside us: the whole App."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.names import branch_of
from tests.e2e.app_support import Plan, Running, until
from tests.e2e.test_app_pulls import moves, reason, status, under_review
from tests.github.hub import OURSELVES, Place

pytestmark = pytest.mark.xdist_group("app_rivals")


# Pull requests


def forestalled(app: Running) -> tuple[Plan, int]:
    """A plan whose stage's branch was proposed by a person before we did."""
    plan = app.plan(app.place())
    branch = branch_of(plan.id, 1)
    where = f"/repos/{plan.place.full_name}/pulls"
    refused = {"kind": "error", "method": "POST", "path": where, "agent": "otp-genesis*"}
    with app.hub.faults(refused):
        plan.say("/genesis approve")
        until("the branch", lambda: plan.place.tip(branch))
        theirs = {"title": "Mine", "head": branch, "base": "main", "body": "My words"}
        number = plan.place.by("writer", "POST", "/pulls", theirs)["number"]
    until("a person is asked", lambda: status(plan) == "needs-human")
    assert f"`writer` opened #{number}" in reason(plan)
    until("it is shown", lambda: plan.shown("from the branch: merge it"))
    plan.go_on()
    (pull,) = plan.pulls()
    assert (pull["number"], pull["title"], pull["body"]) == (number, "Mine", "My words")
    return plan, number


def test_a_persons_own_pull_request_of_our_branch_is_not_doubled(app: Running) -> None:
    plan, number = forestalled(app)
    plan.place.by("writer", "PATCH", f"/pulls/{number}", {"state": "closed"})
    until("ours", lambda: len(plan.pulls()) == 2)
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    (ours, theirs) = plan.pulls()
    assert (ours["user"]["login"], ours["state"]) == (OURSELVES, "open")
    assert (theirs["number"], theirs["state"], theirs["body"]) == (number, "closed", "My words")
    assert len(plan.runs()) == 1


def test_a_persons_own_pull_request_of_our_branch_may_be_merged(app: Running) -> None:
    plan, number = forestalled(app)
    where = f"/pulls/{number}/merge"
    plan.place.by("maintainer", "PUT", where, {"merge_method": "squash"})
    until("the stage is over", lambda: status(plan) == "merged")
    plan.go_on()
    assert [pull["number"] for pull in plan.pulls() if pull["merged_at"]] == [number]
    assert {pull["state"] for pull in plan.pulls()} == {"closed"}
    assert len(plan.runs()) == 1


def test_a_branch_of_our_name_that_somebody_else_made_is_not_moved(app: Running) -> None:
    plan = app.plan(app.place())
    branch = branch_of(plan.id, 1)
    mine = plan.place.commit(branch, {"README.md": "Mine\n"})
    body = {"title": "Mine", "head": branch, "base": "main"}
    number = plan.place.by("writer", "POST", "/pulls", body)["number"]
    before = app.hub.now()
    plan.say("/genesis approve")
    until("a person is asked", lambda: status(plan) == "needs-human")
    assert "a branch of that name already" in reason(plan)
    plan.go_on()
    assert (plan.place.tip(branch), moves(app, plan, before)) == (mine, [])
    assert [pull["number"] for pull in plan.pulls()] == [number]


# Runs


def dispatch(plan: Plan, attempt: int, **more: str) -> dict[str, Any]:
    """A run under the name of ours, by somebody who may write; once it ended."""
    place = plan.place
    inputs = {"plan": plan.id, "stage": "1", "attempt": str(attempt), **more}
    body = {"ref": "main", "inputs": {"base": place.tip("main"), **inputs}}
    place.by("writer", "POST", "/actions/workflows/otp-genesis.yml/dispatches", body)
    found = until("it ended", lambda: theirs(place))
    return found


def theirs(place: Place) -> dict[str, Any]:
    """The newest run that is not ours, once all of those have ended."""
    listed = place.by("admin", "GET", "/actions/runs?event=workflow_dispatch")["workflow_runs"]
    runs = [run for run in listed if run["actor"]["login"] != OURSELVES]
    return runs[0] if runs and all(run["status"] == "completed" for run in runs) else {}


def test_a_forged_run_before_ours_costs_one_attempt_and_is_told(app: Running) -> None:
    """It has taken the ref our run would publish to; what stands there is not replaced."""
    plan = app.plan(app.place())
    # Within one second the same base would make the same commit.
    old = plan.place.tip("main")
    plan.place.commit("main", {"NOTES.md": "Notes\n"})
    forged = dispatch(plan, 1, base=old)
    assert forged["display_title"] == f"genesis {plan.number} stage 1 attempt 1"
    where = f"/git/ref/genesis/published/{plan.id}-1-1"
    commit = plan.get(where)["object"]["sha"]
    plan.say("/genesis approve")
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    assert plan.runs() == [f"genesis {plan.number} stage 1 attempt {n}" for n in (1, 2)]
    assert plan.get(where)["object"]["sha"] == commit
    (pull,) = plan.pulls()
    assert pull["head"]["sha"] != commit
    assert pull["head"]["sha"] == plan.life()["stages"][0]["head"]
    plan.check_single()


def test_a_forged_run_beside_ours_changes_nothing(app: Running) -> None:
    plan, pull = under_review(app)
    before = app.hub.now()
    for attempt in (1, 2):
        dispatch(plan, attempt)
    plan.go_on()
    assert (status(plan), len(plan.runs())) == ("awaiting-review", 1)
    assert plan.pulls()[0]["head"]["sha"] == pull["head"]["sha"]
    assert moves(app, plan, before) == []
    # The number that they took costs the next one, and no more than that.
    plan.say("/genesis retry stage 1")
    until("an attempt more", lambda: len(plan.runs()) == 3)
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    assert plan.pulls()[0]["head"]["sha"] != pull["head"]["sha"]
    plan.check_single()
