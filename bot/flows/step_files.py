"""The files between a step of a job and its runner: outputs, the page of the run, the event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

MOST_SUMMARY = 1_000_000
"""Bytes; GitHub shows no summary of a step that has more than 1 MiB."""
_MOST_EVENT = 32 * 2**20

log = structlog.get_logger()


@dataclass(frozen=True)
class StepFiles:
    """Where the runner wants to be told things; None where there is no runner."""

    output: Path | None = None
    summary: Path | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> StepFiles:
        """From the variables a runner sets."""
        return cls(
            _path(environment.get("GITHUB_OUTPUT", "")),
            _path(environment.get("GITHUB_STEP_SUMMARY", "")),
        )

    def give(self, **values: str) -> None:
        """Outputs of the step, `fail_on` as `fail-on`; each is one line."""
        if self.output is None:
            return
        with self.output.open("a", encoding="utf-8") as file:
            for name, value in values.items():
                # A second line would be a second output, and `<<` before the first `=` a block.
                line = " ".join(value.split())
                file.write(f"{name.replace('_', '-')}={line}\n")

    def summarize(self, markdown: str) -> None:
        """Add to the page of the run."""
        if self.summary is None:
            return
        data = markdown.encode("utf-8", "replace")
        if len(data) > MOST_SUMMARY:
            cut = data[:MOST_SUMMARY].decode("utf-8", "ignore").rpartition("\n")[0]
            data = f"{cut}\n\nThe rest does not fit here; it is in the report.\n".encode()
        with self.summary.open("ab") as file:
            file.write(data.rstrip() + b"\n\n")


def event_of(environment: Mapping[str, str]) -> dict[str, Any]:
    """The payload of the event that started the job; empty where it cannot be read."""
    path = _path(environment.get("GITHUB_EVENT_PATH", ""))
    if path is None:
        return {}
    try:
        if path.stat().st_size > _MOST_EVENT:
            return {}
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        log.warning("event_not_read", why=type(error).__name__)
        return {}
    return found if isinstance(found, dict) else {}


def _path(text: str) -> Path | None:
    return Path(text) if text else None
