"""Runs: one for each attempt, cancelled and run again as asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from bot.core.lifecycle.commands import CancelRun, Dispatch, RerunFailed
from bot.core.lifecycle.outcome import run_name
from bot.errors import Transient
from bot.github.doing.runs import LAG, CannotRerun
from bot.github.errors import NotFound, Rejected
from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene
from tests.github.waiting import until, with_workflow

INPUTS = "plan plan_commit stage attempt cause base head only dropped minutes usd".split()
WORKFLOW = """\
run-name: genesis ${{ inputs.plan }} stage ${{ inputs.stage }} attempt ${{ inputs.attempt }}
on:
  workflow_dispatch:
    inputs: {%s}
jobs:
  work:
    runs-on: ubuntu-latest
    steps:
      - run: echo "$INPUTS" && %s
        env: {INPUTS: '${{ toJSON(inputs) }}'}
"""


def ready(place: Place, does: str = "true") -> Scene:
    fields = ", ".join(f"{name}: {{}}" for name in INPUTS)
    with_workflow(place, "otp-genesis.yml", WORKFLOW % (fields, does))
    scene = Scene.begin(place, stages=1)
    scene.stage(1, status="queued", attempt=1, flying=True, dispatched=datetime.now(UTC))
    return scene


def dispatch(attempt: int = 1, **more: Any) -> Dispatch:
    usual = {
        "stage": 1,
        "attempt": attempt,
        "cause": "first",
        "workflow": "otp-genesis.yml",
        "base": "b" * 40,
        "head": "",
        "minutes": 90.0,
        "usd": 2.5,
        "dropped": ("1-a", "1-b"),
    }
    return Dispatch.model_validate(usual | more)


def runs(place: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.by("admin", "GET", "/actions/runs")["workflow_runs"]
    return found


def ended(place: Place) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        (run,) = runs(place)
        return run if run["status"] == "completed" else None

    return until(look, "the run ends")


def test_an_attempt_is_started_once_with_all_it_needs(place: Place) -> None:
    scene = ready(place)
    scene.do(dispatch(), dispatch())
    scene.app = place.hub.app()
    scene.do(dispatch())
    run = ended(place)
    assert run["display_title"] == run_name(scene.plan_id, 1, 1)
    assert (run["actor"]["login"], run["head_branch"]) == (OURSELVES, "main")
    (job,) = place.by("admin", "GET", f"/actions/runs/{run['id']}/jobs")["jobs"]
    log = place.raw("admin", "GET", f"/actions/jobs/{job['id']}/logs").text
    for said in ('"minutes": "90"', '"usd": "2.5"', '"dropped": "1-a,1-b"', '"head": ""'):
        assert said in log
    assert run["conclusion"] == "success"


def test_a_run_that_lists_do_not_show_is_known_all_the_same(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = ready(place)
    scene.app = hub.app(spy.api)
    spy.answer(r"/workflows/otp-genesis.yml/runs$", 200, {"total_count": 0, "workflow_runs": []})
    scene.do(dispatch())
    scene.do(dispatch())
    assert len(runs(place)) == 1
    (run,) = scene.facts().stages[0].runs
    assert run.id == runs(place)[0]["id"]


@pytest.mark.parametrize("words", ['"return_run_details" is not a permitted key.'])
def test_a_server_that_does_not_tell_the_run_is_asked_once(
    hub: Hub, place: Place, spy: Between, words: str
) -> None:
    scene = ready(place)
    scene.app = hub.app(spy.api)
    spy.instead = lambda method, path, body: (
        (422, {"message": words}) if "return_run_details" in body else None
    )
    scene.do(dispatch(), dispatch())
    scene.stage(1, attempt=2)
    scene.do(dispatch(2))
    until(lambda: len(runs(place)) == 2, "two runs")
    assert len([call for call in spy.calls if "return_run_details" in call.body]) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_start_without_an_answer_is_waited_for(hub: Hub, place: Place, when: str) -> None:
    scene = ready(place)
    fault = {"kind": "cut", "when": when, "method": "POST", "path": "*/dispatches", "count": 1}
    scene.app = hub.app()
    with hub.faults(fault), pytest.raises(Transient):
        scene.do(dispatch())
    if when == "after":
        until(lambda: len(runs(place)) == 1, "it was started")
        scene.do(dispatch())
    else:
        with pytest.raises(Transient) as caught:
            scene.do(dispatch())
        assert 0 < caught.value.retry_after <= LAG
    assert len(runs(place)) == (1 if when == "after" else 0)


def test_after_a_crash_it_is_started_once_it_would_have_been_seen(place: Place) -> None:
    scene = ready(place)
    scene.app = place.hub.app()
    scene.stage(1, dispatched=datetime.now(UTC) - timedelta(seconds=10))
    with pytest.raises(Transient) as caught:
        scene.do(dispatch())
    assert 0 < caught.value.retry_after <= LAG
    assert runs(place) == []
    scene.stage(1, dispatched=datetime.now(UTC) - timedelta(seconds=LAG + 1))
    scene.do(dispatch())
    until(lambda: len(runs(place)) == 1, "it is started")


def test_threads_of_one_process_start_one(place: Place) -> None:
    scene, start = ready(place), Barrier(4)
    clients = [scene.client() for _ in range(4)]

    def write(number: int) -> None:
        start.wait()
        scene.do(dispatch(), client=clients[number])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    ended(place)


def test_a_workflow_that_is_missing_or_off_is_said_to_be(place: Place) -> None:
    scene = ready(place)
    with pytest.raises(NotFound):
        scene.do(dispatch(workflow="other.yml"))
    place.by("admin", "PUT", "/actions/workflows/otp-genesis.yml/disable")
    with pytest.raises((NotFound, Rejected)):
        scene.do(dispatch())
    place.by("admin", "PUT", "/actions/workflows/otp-genesis.yml/enable")
    # A refusal is no start: it is tried again without waiting.
    scene.do(dispatch())
    ended(place)


def test_a_run_is_cancelled_and_one_that_ended_is_left(place: Place) -> None:
    scene = ready(place, "sleep 60")
    scene.do(dispatch())
    (run,) = until(lambda: runs(place), "it is started")
    scene.do(CancelRun(run=run["id"]))
    assert ended(place)["conclusion"] == "cancelled"
    scene.do(CancelRun(run=run["id"]), CancelRun(run=987_654))


def test_failed_jobs_run_once_more(place: Place) -> None:
    scene = ready(place, "false")
    scene.do(dispatch())
    run = ended(place)
    assert run["conclusion"] == "failure"
    scene.do(RerunFailed(run=run["id"]), RerunFailed(run=run["id"]))
    until(lambda: runs(place)[0]["run_attempt"] == 2, "it runs again")
    ended(place)
    scene.do(RerunFailed(run=run["id"]))
    assert runs(place)[0]["run_attempt"] == 2


def test_what_cannot_run_again_is_said_to_be(hub: Hub, place: Place, spy: Between) -> None:
    scene = ready(place, "false")
    scene.do(dispatch())
    run = ended(place)
    scene.app = hub.app(spy.api)
    words = "Unable to retry this workflow run because it was created over a month ago"
    spy.answer(r"/rerun-failed-jobs$", 403, {"message": words})
    with pytest.raises(CannotRerun, match="over a month ago"):
        scene.do(RerunFailed(run=run["id"]))
