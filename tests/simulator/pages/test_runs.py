"""Actions as pages: dispatching, watching, repeating."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.simulator.records.actions import Run
from tests.simulator.pages.browser import Browser, Shown
from tests.simulator.support import Simulated, make_source, simulated
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio

ACTIONS = "/acme/shop/actions"
WORKFLOW = """
name: Plan
run-name: Reach ${{ inputs.goal }}
on:
  workflow_dispatch:
    inputs:
      goal: {description: What to reach, required: true, default: peace}
      stage: {type: choice, options: [all, one], default: one}
      dry_run: {type: boolean, default: true}
jobs:
  work:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "::group::Inside"
          echo "<b>stage ${{ inputs.stage }}</b>"
          echo "::endgroup::"
          echo "::warning file=README.md,line=1::careful"
          echo "**bold** summary" >> "$GITHUB_STEP_SUMMARY"
          echo content > out.txt
          while [ "${{ inputs.goal }}" = forever ]; do sleep 0.1; done
      - uses: actions/upload-artifact@v4
        with: {name: result, path: out.txt}
  breaks:
    needs: work
    runs-on: ubuntu-latest
    steps:
      - name: Break it
        run: echo before; exit 3
"""


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Simulated]:
    files = {
        "README.md": "# Shop\n",
        ".github/workflows/plan.yml": WORKFLOW,
        ".github/workflows/broken.yml": "on: [push\n",
    }
    async with simulated(tmp_path / "state", make_source(tmp_path / "shop", files)) as running:
        yield running


async def until(holds: Callable[[], bool]) -> None:
    await eventually(holds, "the run")


def run_of(sim: Simulated) -> Run:
    return max(sim.world.tables.runs, key=lambda run: run.id)


async def dispatched(browser: Browser, sim: Simulated, **inputs: str) -> Shown:
    workflow = sim.world.tables.workflows.one(
        "path", (sim.repository.id, ".github/workflows/plan.yml")
    )
    assert workflow is not None
    fields = {"ref": "main", "input-goal": "peace"}
    fields |= {f"input-{name}": value for name, value in inputs.items()}
    return await browser.send(f"{ACTIONS}/workflows/{workflow.id}/dispatch", **fields)


async def test_before_anything_has_run(admin: Browser) -> None:
    page = await admin.get(ACTIONS)
    assert "Nothing has run yet. Push" in page.words
    assert f"{ACTIONS}/workflows/plan.yml" in page.links
    broken = await admin.get(f"{ACTIONS}/workflows/broken.yml")
    assert "This file cannot be used" in broken.one("p", role="alert").text
    assert (await admin.get(f"{ACTIONS}/workflows/none.yml")).status == 404
    assert (await admin.get(f"{ACTIONS}/runs/1")).status == 404
    assert (await admin.get(f"{ACTIONS}/runs/1/job/1")).status == 404


async def test_the_form_has_the_inputs_of_the_workflow(admin: Browser, reader: Browser) -> None:
    page = await admin.get(f"{ACTIONS}/workflows/plan.yml")
    assert page.one("input", name="input-goal")["value"] == "peace"
    chosen = [e.text for e in page.all("option") if "selected" in e.attributes]
    assert chosen == ["admin", "main", "one", "true"]
    assert (await reader.get(f"{ACTIONS}/workflows/plan.yml")).all("input") == []
    elsewhere = await admin.get(f"{ACTIONS}/workflows/plan.yml?ref=none")
    assert elsewhere.all("input", name="input-goal") == []


async def test_a_run_from_its_dispatch_to_its_repetition(
    sim: Simulated, admin: Browser, reader: Browser
) -> None:
    sent = await dispatched(admin, sim, stage="all", dry_run="true")
    run = run_of(sim)
    path = f"{ACTIONS}/runs/{run.id}"
    assert sent.target == path
    await until(lambda: run.latest.status == "completed")
    page = await admin.get(path)
    assert "Reach peace" in page.one("h1").text
    assert "failure workflow_dispatch by admin" in page.words
    assert page.response.headers["x-final"] == "yes"
    assert "careful" in page.words
    assert "breaks after work" in page.words
    assert page.one("strong").text == "bold"
    await check_job(admin, page, path)
    (link,) = [x for x in page.links if "/artifacts/" in x]
    content = (await admin.get(link)).response.content
    assert zipfile.ZipFile(io.BytesIO(content)).read("out.txt") == b"content\n"
    assert (await reader.send(path, turn="rerun")).status == 403
    assert (await admin.send(path, turn="sideways")).status == 422
    assert (await admin.send(path, turn="cancel")).status == 409
    assert (await admin.send(path, turn="rerun-failed")).target == path
    await until(lambda: run.latest.number == 2 and run.latest.status == "completed")
    again = await admin.get(path)
    assert "of attempt 1" in again.words
    assert f"{path}/attempts/1" in again.links
    assert (await admin.get(f"{path}/attempts/1")).all("button", name="turn") == []
    for number in (0, 9):
        assert (await admin.get(f"{path}/attempts/{number}")).status == 404


async def check_job(admin: Browser, page: Shown, path: str) -> None:
    first, second = [x for x in page.links if x.startswith(f"{path}/job/")]
    job = await admin.get(first)
    assert "<b>stage all</b>" in [e.text for e in job.all("div")]
    assert "Inside" in [e.text for e in job.all("summary")]
    assert job.read().faults == []
    broken = await admin.get(second)
    (unfolded,) = [e for e in broken.all("details") if "open" in e.attributes]
    assert "Process completed with exit code 3." in unfolded.text
    assert "##[group]Inside" in (await admin.get(f"{first}/log")).text
    part = await admin.get(f"{first}?part=1")
    assert "<html" not in part.text
    assert (await admin.get(f"{ACTIONS}/runs/1/job/{first.rpartition('/')[2]}")).status == 404


async def test_a_run_at_work_is_watched_and_cancelled(sim: Simulated, admin: Browser) -> None:
    path = (await dispatched(admin, sim, goal="forever")).target
    run, logs = run_of(sim), sim.app.state.actions.storage
    await until(lambda: any(logs.job_log(j.id) for j in sim.world.tables.jobs.where("run", run.id)))
    page = await admin.get(path)
    assert page.response.headers["x-final"] == "no"
    live = [e for e in page.all("div") if "data-reload" in e.attributes]
    assert [e["data-live"] for e in live] == ["?part=1"]
    assert [b["value"] for b in page.all("button", name="turn")] == ["cancel"]
    assert "in progress" in (await admin.get(ACTIONS)).words
    (job,) = [x for x in page.links if x.startswith(f"{path}/job/")][:1]
    assert (await admin.get(f"{job}?part=1")).response.headers["x-final"] == "no"
    assert (await admin.send(path, turn="cancel")).status == 303
    await until(lambda: run.latest.status == "completed")
    assert "cancelled" in (await admin.get(path)).words
    assert (await admin.get(f"{job}?part=1")).response.headers["x-final"] == "yes"


async def test_what_cannot_be_dispatched(sim: Simulated, admin: Browser, reader: Browser) -> None:
    assert (await dispatched(reader, sim)).status == 403
    assert (await dispatched(admin, sim, stage="none")).status == 422
    assert (await dispatched(admin, sim, unknown="x")).status == 422
    assert (await dispatched(admin, sim, goal="")).status == 422
    assert len(sim.world.tables.runs) == 0


async def test_a_workflow_is_disabled_and_enabled(
    sim: Simulated, admin: Browser, reader: Browser
) -> None:
    path = f"{ACTIONS}/workflows/plan.yml"
    assert (await reader.send(f"{path}/state", state="disable")).status == 403
    assert (await admin.send(f"{path}/state", state="disable")).target == path
    assert (await dispatched(admin, sim)).status == 422
    assert [b["value"] for b in (await admin.get(path)).all("button", name="state")] == ["enable"]
    await admin.send(f"{path}/state", state="enable")
    assert (await admin.send(f"{path}/state", state="x")).status == 422
