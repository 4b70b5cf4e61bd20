"""Workflow runs of an attempt and what they report, from real runs and hostile ones."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.lifecycle.facts import RunFacts
from bot.core.lifecycle.outcome import StageOutcome, run_name
from bot.errors import Unreachable
from bot.github.errors import NotAllowed
from tests.flows.react.told import says
from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene
from tests.github.waiting import until, with_workflow

WORKFLOW = """\
run-name: genesis ${{ inputs.plan }} stage ${{ inputs.stage }} attempt ${{ inputs.attempt }}
on:
  workflow_dispatch:
    inputs: {plan: {}, stage: {}, attempt: {}, report: {}, huge: {}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - if: inputs.report != ''
        env: {REPORT: '${{ inputs.report }}'}
        run: printf %s "$REPORT" > outcome.json
      - if: inputs.huge != ''
        run: head -c 9000000 /dev/zero > outcome.json
      - if: inputs.report != '' || inputs.huge != ''
        uses: actions/upload-artifact@v4
        with: {name: genesis-outcome, path: outcome.json}
"""


def begun(place: Place) -> Scene:
    with_workflow(place, "otp-genesis.yml", WORKFLOW)
    scene = Scene.begin(place, stages=1)
    scene.stage(1, status="queued", attempt=1, flying=True, dispatched=datetime.now(UTC))
    return scene


def report(scene: Scene, **change: object) -> str:
    outcome = StageOutcome(
        plan=scene.plan_id, stage=1, attempt=1, status="nothing", base="b", reasons=("none",)
    )
    return outcome.model_copy(update=change).model_dump_json()


def start(
    scene: Scene, login: str = OURSELVES, ref: str = "main", attempt: int = 1, **inputs: str
) -> None:
    place = scene.place
    body = {
        "ref": ref,
        "inputs": {"plan": scene.plan_id, "stage": "1", "attempt": str(attempt), **inputs},
    }
    where = "/actions/workflows/otp-genesis.yml/dispatches"
    if login == OURSELVES:
        token = place.app.token(place.installation, place.full_name, "actions")
        headers = {"authorization": f"Bearer {token}"}
        url = f"/repos/{place.full_name}{where}"
        answer = place.hub.hand("admin").post(url, json=body, headers=headers)
        assert answer.status_code == 204, answer.text
    else:
        place.by(login, "POST", where, body)


def ended(scene: Scene) -> RunFacts:
    def look() -> RunFacts | None:
        runs = scene.facts().stages[0].runs
        return runs[0] if runs and runs[0].status == "completed" else None

    found: RunFacts = until(look, "the run ends")
    return found


def test_a_run_is_found_by_its_name_and_its_report_believed(place: Place) -> None:
    scene = begun(place)
    assert scene.facts().stages[0].runs == ()
    start(scene, report=report(scene))
    run = ended(scene)
    there = place.by("admin", "GET", f"/actions/runs/{run.id}")
    assert there["display_title"] == run_name(scene.plan_id, 1, 1)
    assert (run.attempt, run.conclusion, run.url) == (1, "success", there["html_url"])
    assert run.problem == ""
    assert run.outcome is not None
    assert (run.outcome.status, run.outcome.reasons) == ("nothing", ("none",))


def test_a_run_without_a_report(place: Place) -> None:
    scene = begun(place)
    start(scene)
    run = ended(scene)
    assert (run.outcome, run.problem) == (None, "the run ended (success) without a report")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"plan": "999999"}, "of another attempt"),
        ({"stage": 2}, "of another attempt"),
        ({"attempt": 2}, "of another attempt"),
        ({"usd": -1.0}, "cannot be read: ValidationError"),
        ({"status": "merged"}, "cannot be read: ValidationError"),
    ],
)
def test_a_report_that_is_not_of_this_attempt(
    place: Place, change: dict[str, object], problem: str
) -> None:
    scene = begun(place)
    told = json.loads(report(scene)) | change
    start(scene, report=json.dumps(told))
    run = ended(scene)
    assert run.outcome is None
    assert problem in run.problem


def test_a_report_that_unpacks_to_too_much(place: Place) -> None:
    scene = begun(place)
    start(scene, huge="1")
    run = ended(scene)
    (artifact,) = place.by("admin", "GET", f"/actions/runs/{run.id}/artifacts")["artifacts"]
    assert artifact["size_in_bytes"] < 100_000
    assert run.outcome is None
    assert run.problem.startswith("the run's report cannot be read")


def packed(name: str, data: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    """The flag that says so, in both places where it stands."""
    plain = bytearray(packed("outcome.json", data))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(signature) + offset] |= 1
    return bytes(plain)


HOSTILE = {
    "no archive": b"<html>",
    "nothing": b"",
    "cut": packed("outcome.json", b"{}")[:-30],
    "other name": packed("../outcome.json", b"{}"),
    "no json": packed("outcome.json", b"{"),
    "list": packed("outcome.json", b"[]"),
    "no utf-8": packed("outcome.json", b'{"plan": "\xff"}'),
    "deep": packed("outcome.json", b"[" * 100_000),
    "encrypted": encrypted(b"{}"),
    "bomb": packed("outcome.json", b" " * (64 * 1024 * 1024)),
    "large": b"x" * (9 * 1024 * 1024),
    "wrong sum": packed("outcome.json", b'{"a": 1}', zipfile.ZIP_STORED).replace(b'"a"', b'"b"'),
}


@pytest.fixture
def storing(hub: Hub, spy: Between, completed: tuple[Scene, Any]) -> Callable[[int, bytes], Scene]:
    """The scene of a completed run, where the store of reports answers so."""

    def answering(status: int, body: bytes) -> Scene:
        scene, _ = completed
        scene.app = hub.app(spy.api)
        spy.answer(r"^GET (?!/api).*", status, body)
        return scene

    return answering


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_report_is_a_problem_and_no_outcome(
    storing: Callable[[int, bytes], Scene], name: str
) -> None:
    scene = storing(200, HOSTILE[name])
    (run,) = scene.facts().stages[0].runs
    assert run.outcome is None
    assert run.problem.startswith("the run's report ")


@pytest.fixture(scope="module")
def completed(hub: Hub) -> tuple[Scene, RunFacts]:
    """A run with a good report, for all tests that look at its artifacts."""
    scene = begun(hub.place(hub.app()))
    start(scene, report=report(scene))
    return scene, ended(scene)


def test_a_report_is_downloaded_without_our_token(
    hub: Hub, spy: Between, completed: tuple[Scene, RunFacts]
) -> None:
    scene, run = completed
    scene.app = hub.app(spy.api)
    assert scene.facts().stages[0].runs == (run,)
    asked = next(call for call in spy.calls if call.path.endswith("/zip"))
    followed = spy.calls[spy.calls.index(asked) + 1]
    assert (followed.token, followed.status) == ("", 200)


def artifacts(scene: Scene, run: RunFacts) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.place.by(
        "admin", "GET", f"/actions/runs/{run.id}/artifacts"
    )["artifacts"]
    return found


def test_of_two_reports_the_newer_one_counts(
    hub: Hub, spy: Between, completed: tuple[Scene, RunFacts]
) -> None:
    scene, run = completed
    (good,) = artifacts(scene, run)
    older = good | {"id": good["id"] - 1}
    scene.app = hub.app(spy.api)
    spy.answer(rf"/runs/{run.id}/artifacts$", 200, {"total_count": 2, "artifacts": [older, good]})
    assert scene.facts().stages[0].runs == (run,)
    assert not [call for call in spy.calls if f"/artifacts/{older['id']}/" in call.path]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"expired": True}, "the run's report has expired"),
        ({"name": "genesis-outcome-2"}, "the run ended (success) without a report"),
        (
            {"digest": f"sha256:{'0' * 64}"},
            "the run's report is not what the run left: its SHA-256 differs",
        ),
    ],
)
def test_a_report_that_is_gone_or_another_is_none(
    hub: Hub,
    spy: Between,
    completed: tuple[Scene, RunFacts],
    change: dict[str, object],
    problem: str,
) -> None:
    scene, run = completed
    (good,) = artifacts(scene, run)
    scene.app = hub.app(spy.api)
    spy.answer(rf"/runs/{run.id}/artifacts$", 200, {"total_count": 1, "artifacts": [good | change]})
    (found,) = scene.facts().stages[0].runs
    assert (found.outcome, found.problem) == (None, problem)
    case = "the report has expired"
    assert says(found.problem, case) == ("expired" in change)


def test_a_report_that_says_it_is_large_is_not_downloaded(
    hub: Hub, spy: Between, completed: tuple[Scene, RunFacts]
) -> None:
    scene, run = completed
    (good,) = artifacts(scene, run)
    scene.app = hub.app(spy.api)
    large = good | {"size_in_bytes": 9 * 1024 * 1024}
    spy.answer(rf"/runs/{run.id}/artifacts$", 200, {"total_count": 1, "artifacts": [large]})
    (found,) = scene.facts().stages[0].runs
    assert found.problem == "the run's report is too large"
    assert not [call for call in spy.calls if call.path.endswith("/zip")]


def test_a_run_of_the_same_name_that_somebody_else_started_is_not_ours(place: Place) -> None:
    scene = begun(place)
    place.commit("evil", {"x": "y"})
    start(scene, "writer", report=report(scene, status="published", commit="c" * 40))
    start(scene, OURSELVES, "evil", report=report(scene, status="published", commit="c" * 40))
    start(scene, OURSELVES, attempt=2)
    until(
        lambda: len(place.by("admin", "GET", "/actions/runs")["workflow_runs"]) == 3, "three runs"
    )
    assert scene.facts().stages[0].runs == ()


def test_two_runs_of_one_attempt_are_both_shown(place: Place) -> None:
    scene = begun(place)
    start(scene)
    start(scene)
    until(lambda: len(scene.facts().stages[0].runs) == 2, "two runs")
    runs = scene.facts().stages[0].runs
    assert runs[0].id < runs[1].id


def test_a_run_known_by_its_id_is_found_however_late(place: Place) -> None:
    scene = begun(place)
    start(scene)
    run = ended(scene)
    late = datetime(2030, 1, 1, tzinfo=UTC)
    scene.stage(1, run=run.id, dispatched=late)
    assert [r.id for r in scene.facts().stages[0].runs] == [run.id]
    scene.stage(1, run=0)
    assert scene.facts().stages[0].runs == ()


def test_a_run_that_vanished_is_not_there(place: Place) -> None:
    scene = begun(place)
    scene.stage(1, run=123_456)
    assert scene.facts().stages[0].runs == ()


def test_runs_are_asked_for_only_while_one_is_awaited(hub: Hub, place: Place, spy: Between) -> None:
    scene = begun(place)
    scene.stage(1, status="awaiting-review", flying=False)
    scene.app = hub.app(spy.api)
    scene.facts()
    assert [call for call in spy.calls if "/runs" in call.path] == []


def test_attempts_of_the_day_are_counted_where_they_are_limited(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = begun(place)
    for attempt in (1, 2, 9):
        start(scene, attempt=attempt)
    start(scene, "writer")

    def started() -> int:
        return len(place.by("admin", "GET", "/actions/runs")["workflow_runs"])

    until(lambda: started() == 4, "four runs")
    scene.app = hub.app(spy.api)
    assert scene.facts().repository.attempts_today == 0
    limits = "version: 1\nlimits: {attempts_per_day: 3}\n"
    place.commit("main", {".github/otp-genesis.yml": limits})
    assert scene.facts().repository.attempts_today == 3
    scene.later = timedelta(days=1)
    assert scene.facts().repository.attempts_today == 0
    scene.later = timedelta()
    spy.answer(r"/workflows/otp-genesis.yml/runs$", 404, {"message": "Not Found"})
    assert scene.facts().repository.attempts_today == 0


def test_without_a_report_the_job_that_failed_says_why(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = begun(place)
    with hub.faults({"kind": "runner_lost", "name": "publish"}):
        start(scene)
        run = ended(scene)
    assert run.problem.startswith("the run ended (failure) without a report: job `publish`: The ")
    assert "lost communication with the server" in run.problem
    scene.app = hub.app(spy.api)
    spy.lack(r"/annotations$")
    assert scene.facts().stages[0].runs[0].problem == "the run ended (failure) without a report"


@pytest.mark.parametrize(
    "change",
    [
        {"status": "completed", "conclusion": "action_required"},
        {"status": "waiting", "conclusion": None},
    ],
)
def test_a_run_that_waits_for_approval_has_not_ended(
    hub: Hub, place: Place, spy: Between, change: dict[str, object]
) -> None:
    scene = begun(place)
    start(scene)
    run = ended(scene)
    there = place.by("admin", "GET", f"/actions/runs/{run.id}")
    listed = {"total_count": 1, "workflow_runs": [there | change]}
    scene.app = hub.app(spy.api)
    spy.answer(r"/workflows/otp-genesis.yml/runs$", 200, listed)
    (found,) = scene.facts().stages[0].runs
    assert (found.held, found.status, found.conclusion) == (True, "queued", None)
    assert (found.outcome, found.problem) == (None, "")


@pytest.mark.parametrize("path", ["*/artifacts/*/zip", "*/runs/*/artifacts"])
def test_a_report_that_we_may_not_read_at_the_moment_is_no_word_on_the_run(
    hub: Hub, completed: tuple[Scene, Any], path: str
) -> None:
    scene, _ = completed
    scene.app = hub.app()
    with hub.faults({"kind": "token_expired", "path": path}), pytest.raises(NotAllowed):
        scene.facts()
    assert scene.facts().stages[0].runs[0].outcome is not None


@pytest.mark.parametrize("status", [403, 429, 500])
def test_a_store_that_does_not_hand_a_report_out_is_asked_again(
    storing: Callable[[int, bytes], Scene], status: int
) -> None:
    scene = storing(status, b"")
    with pytest.raises(Unreachable):
        scene.facts()


@pytest.mark.parametrize("status", [404, 410])
def test_a_report_that_the_store_has_not_is_a_problem(
    storing: Callable[[int, bytes], Scene], status: int
) -> None:
    (run,) = storing(status, b"").facts().stages[0].runs
    assert (run.outcome, run.problem) == (None, "the run's report cannot be read: NotFound")
