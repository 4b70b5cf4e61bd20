"""What a workflow run reports: an artifact, written where code of strangers ran before."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from bot.core.lifecycle.outcome import OUTCOME_ARTIFACT, OUTCOME_FILE, StageOutcome
from bot.core.lifecycle.state import StageLife
from bot.core.sanitize import mask, one_line
from bot.errors import Refused
from bot.github.errors import GitHubError, NotFound
from bot.github.reading.context import Reading

WELL = frozenset({"success", "skipped", "neutral"})
MOST_SAID = 160
"""Characters of what a job says of its end."""
MAX_ARTIFACT = 8 * 1024 * 1024
"""Bytes of the artifact, and of the outcome in it."""

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    EOFError,
    ValueError,
    OSError,
    # An encrypted archive, and a way to compress that nobody has.
    RuntimeError,
)


def report_of(
    reading: Reading, stage: StageLife, run: Mapping[str, Any]
) -> tuple[StageOutcome | None, str]:
    """The outcome of an ended run, or None and why there is none that can be believed.

    Raises `NotAllowed` and `Transient` where it is ours that we cannot read it at the moment: that
    says nothing of the run, and must not cost an attempt.
    """
    try:
        artifact = _artifact(reading, run)
        if artifact is None:
            return None, f"the run ended ({run['conclusion']}) without a report{_why(reading, run)}"
        if artifact["expired"]:
            return None, "the run's report has expired"
        if artifact["size_in_bytes"] > MAX_ARTIFACT:
            return None, "the run's report is too large"
        with reading.client.download(f"./actions/artifacts/{artifact['id']}/zip") as pieces:
            data = _whole(pieces)
        if not _as_uploaded(data, artifact):
            return None, "the run's report is not what the run left: its SHA-256 differs"
        outcome = _read(data)
    except (NotFound, Refused, ValidationError, *_BROKEN) as error:
        return None, f"the run's report cannot be read: {type(error).__name__}"
    wanted = (reading.life.plan, stage.number, stage.attempt)
    if (outcome.plan, outcome.stage, outcome.attempt) != wanted:
        return None, "the run's report is of another attempt"
    return outcome, ""


def _artifact(reading: Reading, run: Mapping[str, Any]) -> dict[str, Any] | None:
    """The newest of the name: a job that ran again leaves another one."""
    listed = reading.client.pages(
        f"./actions/runs/{run['id']}/artifacts", key="artifacts", name=OUTCOME_ARTIFACT
    )
    mine = [a for a in listed if a["name"] == OUTCOME_ARTIFACT]
    return max(mine, key=lambda a: (not a["expired"], int(a["id"])), default=None)


def _as_uploaded(data: bytes, artifact: Mapping[str, Any]) -> bool:
    """Whether the bytes are those GitHub took in; an older server does not say."""
    told = str(artifact.get("digest") or "")
    return not told or told == f"sha256:{hashlib.sha256(data).hexdigest()}"


def _why(reading: Reading, run: Mapping[str, Any]) -> str:
    """What the first job that did not end well says of it; empty where nothing is to be had."""
    try:
        jobs = reading.client.pages(f"./actions/runs/{run['id']}/jobs", key="jobs")
        bad = next((j for j in jobs if j["conclusion"] not in WELL), None)
        if bad is None:
            return ""
        check = str(bad["check_run_url"]).rpartition("/")[2]
        notes = reading.client.get(f"./check-runs/{check}/annotations", per_page=50)
    except GitHubError:
        return ""
    told = next((str(n["message"]) for n in notes if n["annotation_level"] == "failure"), "")
    said = one_line(mask(told, reading.secrets))[:MOST_SAID]
    name = one_line(str(bad["name"])).replace("`", "")[:100]
    return f": job `{name}`: {said or bad['conclusion']}"


def _whole(pieces: Iterator[bytes]) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > MAX_ARTIFACT:
            raise Refused("the artifact is larger than it said")
    return bytes(data)


def _read(data: bytes) -> StageOutcome:
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(OUTCOME_FILE) as file:
        # The size in the archive's list is the writer's word only.
        text = file.read(MAX_ARTIFACT + 1)
    if len(text) > MAX_ARTIFACT:
        raise Refused("the report is too large")
    return StageOutcome.model_validate_json(text)
