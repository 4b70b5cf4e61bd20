"""A simulator over a repository with workflows, and what tests do with it again and again."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.simulator.actions.runner.limits import Delays
from bot.simulator.actions.service.engine import Engine
from bot.simulator.records.actions import Job, Run
from tests.simulator.support import SHOP, Simulated, make_source, simulated
from tests.simulator.webhooks.waiting import eventually

QUICK = Delays(interrupt=0.3, terminate=0.3, drain=0.3)
RUNS = f"{SHOP}/actions/runs"


def workflow(on: str, *scripts: str, extra: str = "", job: str = "") -> str:
    """One job, `build`, of these scripts. `extra` are lines of the file, `job` of the job."""
    steps = "\n".join(f"      - run: {script}" for script in scripts or ("true",))
    of_job = "".join(f"    {line}\n" for line in job.splitlines())
    return f"on: {on}\n{extra}jobs:\n  build:\n    runs-on: x\n{of_job}    steps:\n{steps}\n"


@dataclass
class Stage:
    sim: Simulated

    @property
    def engine(self) -> Engine:
        engine: Engine = self.sim.app.state.actions
        return engine

    @property
    def runs(self) -> list[Run]:
        return sorted(self.sim.world.tables.runs, key=lambda run: run.id)

    def jobs(self, run: Run) -> dict[str, Job]:
        """By key, the latest of each."""
        rows = sorted(self.sim.world.tables.jobs.where("run", run.id), key=lambda job: job.attempt)
        return {job.key: job for job in rows}

    def log(self, run: Run, job: str = "build") -> str:
        return self.engine.storage.job_log(self.jobs(run)[job].id) or ""

    async def ended(self, count: int = 1) -> list[Run]:
        """All runs, once there are so many and every one has ended."""

        def probe() -> bool:
            done = [run for run in self.runs if run.latest.status == "completed"]
            return len(done) >= count and len(done) == len(self.runs) and not self.engine.live

        await eventually(probe, f"{count} runs end")
        return self.runs

    async def idle(self) -> None:
        """Until nothing that was heard is still being looked at."""
        await eventually(lambda: not self.sim.world._tasks, "nothing is going on")

    async def dispatch(self, file: str = "ci.yml", login: str = "writer", **inputs: Any) -> Run:
        body = {"ref": "main", "inputs": inputs, "return_run_details": True}
        path = f"{SHOP}/actions/workflows/{file}/dispatches"
        answer = await self.sim.as_(login).post(path, json=body)
        assert answer.status_code == 200, answer.text
        return self.sim.world.tables.runs[answer.json()["workflow_run_id"]]

    async def write(
        self, path: str, text: str, login: str = "writer", repository: str = SHOP, **more: Any
    ) -> dict[str, Any]:
        """A commit with this file, pushed over the API."""
        content = base64.b64encode(text.encode()).decode()
        body = {"message": f"Write {path}", "content": content} | more
        answer = await self.sim.as_(login).put(f"{repository}/contents/{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        written: dict[str, Any] = answer.json()
        return written

    async def post(self, path: str, login: str = "writer", **body: Any) -> dict[str, Any]:
        answer = await self.sim.as_(login).post(path, json=body)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json() if answer.content else {}
        return made

    async def branch(self, name: str) -> None:
        sha = self.sim.world.git(self.sim.repository).ref("refs/heads/main")
        await self.post(f"{SHOP}/git/refs", ref=f"refs/heads/{name}", sha=sha)


@asynccontextmanager
async def staged(tmp_path: Path, files: Mapping[str, str], **options: Any) -> AsyncIterator[Stage]:
    """`files` are workflows by the names of their files, others by their paths."""
    named = {p if "/" in p else f".github/workflows/{p}": text for p, text in files.items()}
    source = tmp_path / "source" / "shop"
    if not source.exists():
        make_source(source, {"README.md": "# Shop\n", **named})
    async with simulated(tmp_path / "state", source, **options) as sim:
        stage = Stage(sim)
        stage.engine.delays = QUICK
        yield stage
