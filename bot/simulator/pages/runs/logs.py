"""A job's log as steps, groups and lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.simulator.records.actions import Step

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ")
MARK = re.compile(r"##\[(group|endgroup|error|warning|notice|command|debug|section)\]")
COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
UNFINISHED = ("queued", "in_progress", "waiting", "pending", "requested")
SHOWN_LINES = 4000
"""Of one step, the last ones; the raw log has all."""
SHOWN_CHARACTERS = 4000
"""Of one line."""


class Line(NamedTuple):
    """`kind` is error, warning, notice, command, debug, section, or empty."""

    number: int
    kind: str
    text: str


@dataclass
class Group:
    """Lines below a title, which may be folded away; without a title they just stand there."""

    title: str = ""
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class StepLog:
    step: Step
    groups: list[Group]
    cut: int
    """So many lines from the beginning are not shown."""
    open: bool
    seconds: float | None


def step_logs(steps: Iterable[Step], texts: dict[int, str]) -> list[StepLog]:
    """`texts` by the number of the step. What failed or is at work is unfolded."""
    return [_step_log(step, texts.get(step.number, "")) for step in steps]


def _step_log(step: Step, text: str) -> StepLog:
    lines = text.split("\n")[: -1 if text.endswith("\n") else None] if text else []
    cut = max(len(lines) - SHOWN_LINES, 0)
    seconds = None
    if step.started_at and step.completed_at:
        seconds = (step.completed_at - step.started_at).total_seconds()
    is_open = step.conclusion == "failure" or (step.status == "in_progress" and bool(lines))
    return StepLog(step, groups_of(lines[cut:], cut), cut, is_open, seconds)


def groups_of(lines: Iterable[str], before: int = 0) -> list[Group]:
    """Groups do not nest, as on GitHub: one that begins ends the one before."""
    groups = [Group()]
    for line in _lines(lines, before):
        if line.kind == "group":
            groups.append(Group(line.text or "…"))
        elif line.kind == "endgroup":
            groups.append(Group())
        else:
            groups[-1].lines.append(line)
    return [group for group in groups if group.lines or group.title]


def _lines(lines: Iterable[str], before: int) -> Iterator[Line]:
    for number, raw in enumerate(lines, before + 1):
        text = COLOUR.sub("", STAMP.sub("", raw, count=1))[:SHOWN_CHARACTERS]
        mark = MARK.match(text)
        yield Line(number, mark[1] if mark else "", text[mark.end() :] if mark else text)
