"""What a pipeline run left to look back at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import Unusable
from bot.pipeline.record.runs import Run, RunRecord, load_json


@dataclass(frozen=True)
class History:
    """One run with the line of each step that ended, in order, over all its lives."""

    run: Run
    record: RunRecord
    steps: tuple[Mapping[str, Any], ...]
    results: Mapping[str, Any]
    """`outputs` and `steps`; empty before the end."""


def history_of(run: Run) -> History:
    """Everything there is to tell of a run."""
    return History(run, run.load(), read_lines(run.trace), load_json(run.results) or {})


def exchanges_of(run: Run, step: str) -> tuple[Mapping[str, Any], ...]:
    """The recorded calls of one step (its name or path); raises `Unusable` where there are none."""
    found = tuple(
        line
        for line in read_lines(run.exchanges)
        if step in (path := str(line.get("where", "")).rpartition("#")[0]).split("/")
        or path == step
        or path.partition("/")[2] == step
    )
    if found:
        return found
    steps = dict.fromkeys(str(line["name"]) for line in read_lines(run.trace) if line["calls"])
    hint = f"steps that did: {', '.join(steps)}" if steps else "no step of this run did"
    raise Unusable(f"run {run.id}: step {step!r} asked no model", hint=hint)


def read_lines(path: Path) -> tuple[Mapping[str, Any], ...]:
    """JSON lines; one that a kill cut short is left out."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return ()
    lines = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return tuple(line for line in lines if isinstance(line, dict))
