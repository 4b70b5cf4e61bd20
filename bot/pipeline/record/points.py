"""Where a stopped run can go on: what a `checkpoint` step keeps, and how it is found again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.core.usage import Usage
from bot.errors import OtpError, Unusable
from bot.pipeline.record.checkpoints import content_key, write_atomically
from bot.pipeline.results import StepResult

FORMAT = 1


@dataclass(frozen=True)
class Point:
    """The state of a workflow right after one of its top-level checkpoint steps."""

    name: str
    step: str
    key: str
    """Hash of everything before it: the inputs and each step up to it, as written."""
    state: Any
    results: tuple[StepResult, ...]
    variables: Mapping[str, Any]
    snapshot: str = ""
    """Name of the work tree's snapshot, empty where there is no work tree."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the caller needs to go on, such as the branch's tip."""
    sessions: Mapping[str, Any] = field(default_factory=dict)
    """What was said in conversations."""


class Points:
    """One file per point, newest last; `directory` belongs to one run."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def save(self, point: Point) -> None:
        """Keep a point; one of the same name is replaced."""
        body = {
            "format": FORMAT,
            "name": point.name,
            "step": point.step,
            "key": point.key,
            "state": point.state,
            "results": [_dumped(result) for result in point.results],
            "variables": dict(point.variables),
            "snapshot": point.snapshot,
            "extra": dict(point.extra),
            "sessions": dict(point.sessions),
        }
        write_atomically(self._directory / f"{content_key(point.step)[:16]}.json", body)

    def find(self, keys: Sequence[str]) -> tuple[int, Point] | None:
        """The furthest step whose key a stored point has: its position in `keys`, and the point."""
        stored = {point.key: point for point in self._all()}
        for position in range(len(keys) - 1, -1, -1):
            if keys[position] in stored:
                return position, stored[keys[position]]
        return None

    def clear(self) -> None:
        """Forget them; called when the run succeeded."""
        for file in self._directory.glob("*.json"):
            file.unlink(missing_ok=True)

    def _all(self) -> list[Point]:
        found = []
        for file in sorted(self._directory.glob("*.json")):
            try:
                body = json.loads(file.read_text("utf-8"))
                if body.pop("format", 0) == FORMAT:
                    results = tuple(_loaded(entry) for entry in body.pop("results"))
                    found.append(Point(**body, results=results))
            except (OSError, ValueError, TypeError, KeyError):
                # A damaged point costs repeated work, never a wrong result.
                continue
        return found


def prefix_keys(steps: Sequence[Any], inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """For each step the hash of the inputs and of every step up to it, as written."""
    keys, so_far = [], content_key(dict(inputs))
    for step in steps:
        so_far = content_key(so_far, step.model_dump(mode="json", by_alias=True))
        keys.append(so_far)
    return tuple(keys)


def _dumped(result: StepResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "type": result.type,
        "status": result.status,
        "data": result.data,
        "text": result.text,
        "error": str(result.error) if result.error else "",
        "model": result.model,
        "prompt_hash": result.prompt_hash,
    }


def _loaded(entry: dict[str, Any]) -> StepResult:
    error: OtpError | None = Unusable(entry["error"]) if entry["error"] else None
    return StepResult(**{**entry, "error": error}, usage=Usage(), cached=True)
