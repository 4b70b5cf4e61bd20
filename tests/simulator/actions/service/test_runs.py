"""Runs on the state: records, checks, logs, repetition, cancelling, restarts."""

from __future__ import annotations

import io
import re
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.events import Event
from bot.simulator.faults.plan import Fault, FaultPlan
from bot.simulator.records.actions import Run
from tests.simulator.actions.service.staging import RUNS, Stage, staged, workflow
from tests.simulator.support import SHOP
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio

DISPATCHED = "workflow_dispatch"


def heard(stage: Stage, *names: str) -> list[Event]:
    events: list[Event] = []
    stage.sim.world.hub.listeners.append(lambda e: events.append(e) if e.name in names else None)
    return events


def has_begun(stage: Stage, run: Run) -> bool:
    """Whether a step of its own is being run."""
    return any(len(job.steps) > 1 for job in stage.jobs(run).values())


async def fetched(stage: Stage, path: str) -> Any:
    """What the redirect of an API path leads to, without a token."""
    answer = await stage.sim.as_("reader").get(path)
    assert answer.status_code == 302, answer.text
    return await stage.sim.client().get(answer.headers["location"])


async def test_a_run_is_told_of_step_by_step(tmp_path: Path) -> None:
    names = ("workflow_run", "workflow_job", "check_run", "check_suite", "workflow_dispatch")
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED, "echo hi")}) as stage:
        events = heard(stage, *names)
        run = await stage.dispatch()
        await stage.ended()
        told = [(e.name, e.action) for e in events]
        assert told == [
            ("workflow_run", "requested"),
            ("workflow_dispatch", None),
            ("workflow_run", "in_progress"),
            ("check_run", "created"),
            ("workflow_job", "queued"),
            ("workflow_job", "in_progress"),
            ("check_run", "completed"),
            ("workflow_job", "completed"),
            ("check_suite", "completed"),
            ("workflow_run", "completed"),
        ]
        assert all(e.payload["sender"]["login"] == "writer" for e in events)
        job = stage.jobs(run)["build"]
        assert job.check_run_id == job.id
        suite = stage.sim.world.tables.suites[run.suite_id]
        assert (suite.status, suite.conclusion) == ("completed", "success")


async def test_logs_are_had_by_a_link_that_ends(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED, "echo hi-there")}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        job = stage.jobs(run)["build"]
        text = (await fetched(stage, f"{SHOP}/actions/jobs/{job.id}/logs")).text
        assert re.search(r"^\d{4}-\d\d-\d\dT[\d:.]{16}Z hi-there$", text, re.MULTILINE)
        packed = await fetched(stage, f"{RUNS}/{run.id}/logs")
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            names = archive.namelist()
            assert names[0] == "0_build.txt"
            assert archive.read(names[0]).decode() == text
            assert b" hi-there\n" in archive.read("build/2_Run echo hi-there.txt")
        link = (await stage.sim.as_("reader").get(f"{RUNS}/{run.id}/logs")).headers["location"]
        stage.sim.world.clock.advance(61)
        assert (await stage.sim.client().get(link)).status_code == 404
        assert (await stage.sim.client().get(link[:-3])).status_code == 404
        writer = stage.sim.as_("writer")
        assert (await writer.delete(f"{RUNS}/{run.id}/logs")).status_code == 204
        assert (await writer.get(f"{SHOP}/actions/jobs/{job.id}/logs")).status_code == 404


FLAKY = """\
on: workflow_dispatch
jobs:
  first: {runs-on: x, steps: [{run: echo first-$GITHUB_RUN_ATTEMPT}]}
  flaky: {runs-on: x, needs: first, steps: [{run: test $GITHUB_RUN_ATTEMPT != 1}]}
  last: {runs-on: x, needs: flaky, steps: [{run: echo last}]}
"""


async def test_failed_jobs_run_again_with_what_needs_them(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": FLAKY}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "failure"
        writer = stage.sim.as_("writer")
        assert (await writer.post(f"{RUNS}/{run.id}/rerun-failed-jobs")).status_code == 201
        await stage.ended()
        assert (run.latest.number, run.latest.conclusion) == (2, "success")
        rows = stage.sim.world.tables.jobs.where("attempt", (run.id, 2))
        assert sorted(job.name for job in rows) == ["flaky", "last"]
        listed = (await writer.get(f"{RUNS}/{run.id}/jobs")).json()["jobs"]
        assert {j["name"]: j["run_attempt"] for j in listed} == {"first": 1, "flaky": 2, "last": 2}
        refused = await writer.post(f"{RUNS}/{run.id}/rerun-failed-jobs")
        assert refused.status_code == 403


async def test_one_job_runs_again(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": FLAKY}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        first = stage.jobs(run)["first"]
        writer = stage.sim.as_("writer")
        assert (await writer.post(f"{SHOP}/actions/jobs/{first.id}/rerun")).status_code == 201
        await stage.ended()
        rows = stage.sim.world.tables.jobs.where("attempt", (run.id, 2))
        assert sorted(job.name for job in rows) == ["first", "flaky", "last"]


async def test_a_run_too_old_is_not_repeated(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED)}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        stage.sim.world.clock.advance(31 * 86_400)
        refused = await stage.sim.as_("writer").post(f"{RUNS}/{run.id}/rerun")
        assert refused.status_code == 403
        assert run.latest.number == 1


async def test_cancelling(tmp_path: Path) -> None:
    text = workflow(DISPATCHED, "sleep 600") + "      - {run: echo tidy, if: always()}\n"
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        run = await stage.dispatch()
        await eventually(
            lambda: stage.jobs(run) and len(stage.jobs(run)["build"].steps) > 1, "it runs"
        )
        writer = stage.sim.as_("writer")
        busy = await writer.delete(f"{RUNS}/{run.id}")
        again = await writer.post(f"{RUNS}/{run.id}/rerun")
        assert (busy.status_code, again.status_code) == (403, 403)
        assert (await writer.post(f"{RUNS}/{run.id}/cancel")).status_code == 202
        await stage.ended()
        assert run.latest.conclusion == "cancelled"
        assert "tidy" in stage.log(run)
        assert (await writer.post(f"{RUNS}/{run.id}/cancel")).status_code == 409


GROUPED = workflow(
    DISPATCHED,
    "echo go; while ! test -e $HOLD; do sleep 0.02; done",
    extra="concurrency: {group: 'deploy-${{ github.ref }}'}\n",
)


async def test_a_group_has_one_that_runs_and_one_that_waits(tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    async with staged(tmp_path, {"ci.yml": GROUPED.replace("$HOLD", str(hold))}) as stage:
        first = await stage.dispatch()
        await eventually(lambda: first.latest.status == "in_progress", "the first runs")
        second = await stage.dispatch()
        await eventually(lambda: second.latest.status == "pending", "the second waits")
        third = await stage.dispatch()
        await eventually(lambda: second.latest.conclusion == "cancelled", "it makes room")
        assert "higher priority waiting request" in second.problem
        assert first.latest.status == "in_progress"
        hold.touch()
        await stage.ended(3)
        assert [r.latest.conclusion for r in (first, second, third)] == [
            *("success", "cancelled", "success")
        ]


async def test_a_group_may_cancel_what_runs(tmp_path: Path) -> None:
    text = GROUPED.replace("}'}", "}', cancel-in-progress: true}").replace("$HOLD", "/nowhere")
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        first = await stage.dispatch()
        await eventually(lambda: first.latest.status == "in_progress", "the first runs")
        second = await stage.dispatch()
        await eventually(lambda: first.latest.conclusion == "cancelled", "the first ends")
        await eventually(lambda: second.latest.status == "in_progress", "the second runs")
        await stage.sim.as_("writer").post(f"{RUNS}/{second.id}/force-cancel")
        await stage.ended(2)


@pytest.mark.parametrize("group", ["deploy", "DEPLOY"])
async def test_a_run_that_would_wait_for_itself_is_cancelled(tmp_path: Path, group: str) -> None:
    text = workflow(DISPATCHED, extra="concurrency: deploy\n", job=f"concurrency: {group}")
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "cancelled"
        check = stage.sim.world.tables.check_runs[stage.jobs(run)["build"].id]
        assert "a deadlock for concurrency group" in check.annotations[0].message


async def test_a_repetition_may_show_debug_messages(tmp_path: Path) -> None:
    script = "echo ::debug::deep-$RUNNER_DEBUG"
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED, script)}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert "##[debug]" not in stage.log(run)
        body = {"enable_debug_logging": True}
        again = await stage.sim.as_("writer").post(f"{RUNS}/{run.id}/rerun", json=body)
        assert again.status_code == 201
        await stage.ended()
        assert "##[debug]deep-1" in stage.log(run)


async def test_tokens_live_as_long_as_their_run_and_can_what_they_may(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED, "sleep 600")}) as stage:
        run = await stage.dispatch()
        world = stage.sim.world

        def token() -> str:
            return next((t.value for t in world.tables.tokens if t.run_id == run.id), "")

        value = await eventually(token, "a token is made")
        client = stage.sim.client(value)
        assert (await client.get(f"{SHOP}/contents/README.md")).status_code == 200
        refused = await client.post(f"{SHOP}/issues", json={"title": "x"})
        assert refused.status_code == 403
        await stage.sim.as_("writer").post(f"{RUNS}/{run.id}/force-cancel")
        await stage.ended()
        assert (await client.get(f"{SHOP}/contents/README.md")).status_code == 401
        assert value not in stage.log(run)


async def test_a_run_that_a_stop_interrupted_says_so(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED, "sleep 600")}) as stage:
        run = await stage.dispatch()
        await eventually(lambda: stage.jobs(run), "it runs")
        number = run.id
    async with staged(tmp_path, {}) as stage:
        run = stage.sim.world.tables.runs[number]
        assert (run.latest.status, run.latest.conclusion) == ("completed", "cancelled")
        assert "stopped together with the simulator" in run.problem
        job = stage.jobs(run)["build"]
        assert job.conclusion == "cancelled"
        check = stage.sim.world.tables.check_runs[job.check_run_id]
        assert "stopped together" in check.annotations[-1].message
        assert not stage.engine.storage.work.exists()


async def test_a_run_that_a_crash_interrupted_ends_at_the_next_start(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED)}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        job = stage.jobs(run)["build"]
        job.status, job.conclusion, run.latest.status, run.latest.conclusion = (
            *("in_progress", None, "in_progress", None),
        )
        job.steps[1].status, job.steps[1].conclusion = "in_progress", None
        stage.sim.world.tables.jobs.save(job)
        stage.sim.world.tables.runs.save(run)
        check = stage.sim.world.tables.check_runs[job.check_run_id]
        check.status, check.conclusion = "in_progress", None
        stage.sim.world.tables.check_runs.save(check)
    async with staged(tmp_path, {}) as stage:
        run = stage.sim.world.tables.runs[run.id]
        job = stage.jobs(run)["build"]
        assert (run.latest.conclusion, job.conclusion) == ("cancelled", "cancelled")
        assert job.steps[1].conclusion == "cancelled"
        check = stage.sim.world.tables.check_runs[job.check_run_id]
        assert check.conclusion == "cancelled"
        assert "stopped together" in check.annotations[-1].message


async def test_a_repository_may_go_while_it_runs(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED, "sleep 600")}) as stage:
        run = await stage.dispatch()
        await eventually(lambda: has_begun(stage, run), "it runs")
        gone = await stage.sim.as_("admin").delete(SHOP)
        assert gone.status_code == 204
        await stage.idle()
        assert stage.runs == []
        assert len(stage.sim.world.tables.jobs) == 0
        assert stage.engine.live == {}


async def test_a_runner_is_lost(tmp_path: Path) -> None:
    plan = FaultPlan(faults=(Fault(kind="runner_lost", name="build"),))
    async with staged(
        tmp_path, {"ci.yml": workflow(DISPATCHED, "sleep 600")}, faults=plan
    ) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "failure"
        check = stage.sim.world.tables.check_runs[stage.jobs(run)["build"].id]
        assert "lost communication with the server" in check.annotations[0].message


async def test_a_log_is_missing(tmp_path: Path) -> None:
    plan = FaultPlan(faults=(Fault(kind="log_missing", count=1),))
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED)}, faults=plan) as stage:
        run = await stage.dispatch()
        await stage.ended()
        path = f"{SHOP}/actions/jobs/{stage.jobs(run)['build'].id}/logs"
        reader = stage.sim.as_("reader")
        assert [(await reader.get(path)).status_code for _ in range(2)] == [404, 302]


async def test_the_bytes_of_an_artifact_are_others_than_its_digest_says(tmp_path: Path) -> None:
    plan = FaultPlan(faults=(Fault(kind="artifact_altered", name="kept", count=1),))
    text = workflow(DISPATCHED, "echo good > x") + (
        "      - {uses: actions/upload-artifact@v4, with: {name: kept, path: x}}\n"
    )
    async with staged(tmp_path, {"ci.yml": text}, faults=plan) as stage:
        run = await stage.dispatch()
        await stage.ended()
        (artifact,) = stage.sim.world.tables.artifacts.where("run", run.id)
        found = [
            (await fetched(stage, f"{SHOP}/actions/artifacts/{artifact.id}/zip")).content
            for _ in range(2)
        ]
        assert [sha256(data).hexdigest() == artifact.digest for data in found] == [False, True]
        names = [zipfile.ZipFile(io.BytesIO(data)).read("x") for data in found]
        assert names == [b"good\n", b"good\n"]


async def test_annotations_are_bounded_as_on_github(tmp_path: Path) -> None:
    script = "for i in {1..30}; do echo ::warning::w$i; done; echo ::error file=a.ex,line=3::e"
    async with staged(tmp_path, {"ci.yml": workflow(DISPATCHED, f"'{script}'")}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        check = stage.sim.world.tables.check_runs[stage.jobs(run)["build"].id]
        levels = [a.annotation_level for a in check.annotations]
        assert levels == ["warning"] * 10 + ["failure"]
        assert (check.annotations[-1].path, check.annotations[-1].start_line) == ("a.ex", 3)


async def test_a_call_of_what_is_not_there_fails_at_the_start(tmp_path: Path) -> None:
    text = "on: workflow_dispatch\njobs:\n  a: {uses: ./.github/workflows/none.yml}\n"
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "startup_failure"
        assert "workflow was not found" in run.problem


async def test_run_names_and_inputs(tmp_path: Path) -> None:
    extra = "run-name: Try ${{ inputs.who }} as ${{ github.actor }}\n"
    on = "{workflow_dispatch: {inputs: {who: {required: true}, dry: {type: boolean}}}}"
    script = 'echo "dry=${{ inputs.dry && 1 || 2 }} ${{ github.event.inputs.dry }}"'
    async with staged(tmp_path, {"ci.yml": workflow(on, script, extra=extra)}) as stage:
        run = await stage.dispatch(who="me", dry=False)
        await stage.ended()
        assert run.display_title == "Try me as writer"
        assert "dry=2 false" in stage.log(run)


async def test_removing_a_run_removes_all_of_it(tmp_path: Path) -> None:
    text = workflow(DISPATCHED, "mkdir o; echo x > o/x; echo '# S' >> $GITHUB_STEP_SUMMARY") + (
        "      - uses: actions/upload-artifact@v4\n        with: {name: kept, path: o}\n"
    )
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        storage, job = stage.engine.storage, stage.jobs(run)["build"]
        assert storage.summary(job.id) == "# S\n"
        (artifact,) = stage.sim.world.tables.artifacts.where("run", run.id)
        assert (await fetched(stage, f"{SHOP}/actions/artifacts/{artifact.id}/zip")).content[
            :2
        ] == b"PK"
        assert (await stage.sim.as_("reader").delete(f"{RUNS}/{run.id}")).status_code == 403
        assert (await stage.sim.as_("writer").delete(f"{RUNS}/{run.id}")).status_code == 204
        assert stage.runs == []
        assert storage.summary(job.id) == ""
        assert not storage.artifact(artifact.id).exists()
        assert storage.job_log(job.id) is None


async def test_an_expired_artifact_is_gone(tmp_path: Path) -> None:
    text = workflow(DISPATCHED, "touch x") + (
        "      - {uses: actions/upload-artifact@v4, with: {path: x, retention-days: 1}}\n"
    )
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        (artifact,) = stage.sim.world.tables.artifacts.where("run", run.id)
        stage.sim.world.clock.advance(86_401)
        path = f"{SHOP}/actions/artifacts/{artifact.id}"
        reader = stage.sim.as_("reader")
        assert (await reader.get(path)).json()["expired"] is True
        assert (await reader.get(f"{path}/zip")).status_code == 410
        assert (await stage.sim.client().get(f"{path}/zip")).status_code == 401


async def test_caches_go_from_run_to_run_and_keep_to_their_branch(tmp_path: Path) -> None:
    text = workflow(DISPATCHED, "true").replace(
        "      - run: true\n",
        "      - {id: c, uses: actions/cache@v4, with: {path: deps, key: k}}\n"
        "      - run: echo hit=${{ steps.c.outputs.cache-hit }}.\n      - run: mkdir -p deps\n",
    )
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        for expected in ("hit=.", "hit=true."):
            run = await stage.dispatch()
            await stage.ended()
            assert expected in stage.log(run)
        await stage.branch("dev")
        body = {"ref": "dev", "return_run_details": True}
        path = f"{SHOP}/actions/workflows/ci.yml/dispatches"
        await stage.sim.as_("writer").post(path, json=body)
        runs = await stage.ended(3)
        assert "hit=true." in stage.log(runs[-1])
        listed = (await stage.sim.as_("reader").get(f"{SHOP}/actions/caches")).json()
        (shown,) = listed["actions_caches"]
        assert (shown["key"], shown["ref"]) == ("k", "refs/heads/main")
        usage = (await stage.sim.as_("reader").get(f"{SHOP}/actions/cache/usage")).json()
        assert usage["active_caches_count"] == 1
        gone = await stage.sim.as_("writer").delete(f"{SHOP}/actions/caches", params={"key": "k"})
        assert gone.json()["total_count"] == 1
        assert not stage.engine.storage.cache(shown["id"]).exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"ref": "none"}, "No ref found for: none"),
        ({"ref": "main"}, "Required input 'who' not provided"),
        ({"ref": "main", "inputs": {"who": "x", "x": 1}}, 'Unexpected inputs provided: ["x"]'),
        ({"ref": "main", "inputs": {"who": "x", "level": "mid"}}, "not in the list of allowed"),
        ({"ref": "main", "inputs": {"who": "x", "dry": "maybe"}}, "is not a boolean"),
        ({"ref": "main", "inputs": {"who": "x", "n": "few"}}, "is not a number"),
        ({"ref": "main", "inputs": {"who": "x", "n": "1" * 400}}, "is not a number"),
        ({"ref": "main", "inputs": {"who": "x" * 65_536}}, "inputs are too large"),
        ({"ref": "main", "inputs": {f"i{n}": "" for n in range(26)}}, "Too many inputs"),
        ({"ref": 7}, "Invalid request"),
        ({}, "Invalid request"),
    ],
)
async def test_wrong_dispatches_are_refused(
    tmp_path: Path, body: dict[str, Any], message: str
) -> None:
    on = (
        "{workflow_dispatch: {inputs: {who: {required: true}, dry: {type: boolean},"
        " n: {type: number}, level: {type: choice, options: [low, high]}}}}"
    )
    async with staged(tmp_path, {"ci.yml": workflow(on)}) as stage:
        path = f"{SHOP}/actions/workflows/ci.yml/dispatches"
        answer = await stage.sim.as_("writer").post(path, json=body)
        assert answer.status_code == 422
        assert message in answer.json()["message"]
        assert stage.runs == []


async def test_dispatches_of_what_cannot_be_dispatched(tmp_path: Path) -> None:
    async with staged(
        tmp_path, {"push.yml": workflow("push"), "ci.yml": workflow(DISPATCHED)}
    ) as stage:
        writer = stage.sim.as_("writer")

        async def status(file: str) -> int:
            path = f"{SHOP}/actions/workflows/{file}/dispatches"
            return (await writer.post(path, json={"ref": "main"})).status_code

        assert [await status(f) for f in ("push.yml", "none.yml", "999", "ci.yml")] == [
            *(422, 404, 404, 204)
        ]
        await stage.ended()
        await writer.put(f"{SHOP}/actions/workflows/ci.yml/disable")
        assert await status("ci.yml") == 422
        assert (
            await stage.sim.as_("reader").post(
                f"{SHOP}/actions/workflows/ci.yml/dispatches", json={"ref": "main"}
            )
        ).status_code == 403
