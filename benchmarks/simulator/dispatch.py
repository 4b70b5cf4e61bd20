"""How long after a dispatch the first step of its run begins, by the step's own clock."""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import urlsplit

from benchmarks.simulator.calls import Answered, Asked, Connection

DEADLINE = 30.0
POLL = 0.05


async def seconds_to_first_step(api: str, token: str, repository: str, workflow: str) -> float:
    """The step prints the time, which is read from the job's log afterwards."""
    async with Connection(api, token) as connection:
        began = time.time()
        path = f"{repository}/actions/workflows/{workflow}/dispatches"
        body = {"ref": "main", "return_run_details": True}
        started = await connection.ask(Asked("POST", path, body))
        run = started.data["workflow_run_id"]
        done = await _until_done(connection, f"{repository}/actions/runs/{run}")
        assert done.data["conclusion"] == "success", done.data
        jobs = await connection.ask(Asked("GET", f"{repository}/actions/runs/{run}/jobs"))
        job = jobs.data["jobs"][0]["id"]
        log = await _log(connection, api, token, f"{repository}/actions/jobs/{job}/logs")
        said = re.search(r"Z began=([\d.]+)", log)
        assert said is not None, log
        return float(said[1]) - began


async def _until_done(connection: Connection, path: str) -> Answered:
    deadline = time.monotonic() + DEADLINE
    while True:
        answer = await connection.ask(Asked("GET", path))
        if answer.data["status"] == "completed":
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(answer.data)
        await asyncio.sleep(POLL)


async def _log(connection: Connection, api: str, token: str, path: str) -> str:
    """Follows the redirect, without the token as it should be."""
    moved = await connection.ask(Asked("GET", path))
    assert moved.status == 302, moved
    assert moved.location is not None
    address = urlsplit(moved.location)
    base = f"{address.scheme}://{address.netloc}"
    async with Connection(base, "") as anonymous:
        answer = await anonymous.ask(Asked("GET", moved.location.removeprefix(base)))
    return answer.body.decode()
