"""The workflow run of the attempt in hand, and what it reports."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from bot.core.lifecycle.facts import RunFacts
from bot.core.lifecycle.outcome import OUTCOME_ARTIFACT, OUTCOME_FILE, StageOutcome, run_name
from bot.core.lifecycle.state import BUSY, StageLife
from bot.errors import Refused
from bot.github.errors import GitHubError
from bot.github.reading.context import Reading

MAX_ARTIFACT = 8 * 1024 * 1024
"""Bytes of the artifact, and of the outcome in it."""


def run_facts(reading: Reading, stage: StageLife, workflow: str) -> tuple[RunFacts, ...]:
    """The run of the attempt in hand, until it is seen to have ended and its outcome is shown."""
    wanted = stage.flying or stage.status == "pr-open" or {stage.status, stage.before} & BUSY
    if not wanted:
        return ()
    run = _run(reading, stage, workflow)
    if run is None:
        return ()
    status = run["status"] if run["status"] in ("in_progress", "completed") else "queued"
    outcome, problem = None, ""
    if status == "completed":
        outcome, problem = _outcome(reading, run)
    facts = RunFacts(
        id=run["id"],
        attempt=stage.attempt,
        status=status,
        conclusion=run["conclusion"] if status == "completed" else None,
        url=run["html_url"],
        outcome=outcome,
        problem=problem,
    )
    return (facts,)


def _run(reading: Reading, stage: StageLife, workflow: str) -> dict[str, Any] | None:
    name = run_name(reading.life.plan, stage.number, stage.attempt)
    if stage.run:
        known: dict[str, Any] | None = reading.client.find(f"./actions/runs/{stage.run}")
        return known if known is not None and known.get("display_title") == name else None
    where = f"./actions/workflows/{workflow}/runs"
    page = reading.client.find(where, event="workflow_dispatch", per_page=100) or {}
    found = [run for run in page.get("workflow_runs", []) if run.get("display_title") == name]
    return max(found, key=lambda run: int(run["id"]), default=None)


def _outcome(reading: Reading, run: dict[str, Any]) -> tuple[StageOutcome | None, str]:
    try:
        artifacts = reading.client.pages(
            f"./actions/runs/{run['id']}/artifacts", key="artifacts", name=OUTCOME_ARTIFACT
        )
        mine = [a for a in artifacts if a["name"] == OUTCOME_ARTIFACT and not a["expired"]]
        if not mine:
            return None, f"the run ended ({run['conclusion']}) without a report"
        newest = max(mine, key=lambda artifact: int(artifact["id"]))
        if newest["size_in_bytes"] > MAX_ARTIFACT:
            return None, "the run's report is too large"
        with reading.client.download(f"./actions/artifacts/{newest['id']}/zip") as pieces:
            return _read(_whole(pieces)), ""
    except (GitHubError, Refused, ValidationError, zipfile.BadZipFile, KeyError) as error:
        return None, f"the run's report cannot be read: {type(error).__name__}"


def _whole(pieces: Iterator[bytes]) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > MAX_ARTIFACT:
            raise Refused("the artifact is larger than it said")
    return bytes(data)


def _read(data: bytes) -> StageOutcome:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.getinfo(OUTCOME_FILE).file_size > MAX_ARTIFACT:
            raise Refused("the report is too large")
        with archive.open(OUTCOME_FILE) as file:
            # The size in the archive's list is the writer's word only.
            text = file.read(MAX_ARTIFACT + 1)
    if len(text) > MAX_ARTIFACT:
        raise Refused("the report is too large")
    return StageOutcome.model_validate_json(text)
