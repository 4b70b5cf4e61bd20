"""Patches as lines with their numbers on both sides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bot.simulator.git import FileChange

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
SHOWN_LINES = 6000
"""Of all files of a page together; what is beyond is named, not shown."""
SHOWN_CHARACTERS = 1000
"""Of one line."""
KINDS = {"+": "add", "-": "del", " ": "same", "\\": "note", "@": "hunk"}


class Line(NamedTuple):
    """`old` and `new` are the numbers before and after; 0 where there is none."""

    kind: str
    old: int
    new: int
    text: str


@dataclass(frozen=True)
class FileDiff:
    """`lines` is empty where there is nothing to show; `reason` then says why."""

    change: FileChange
    lines: list[Line]
    reason: str = ""


def file_diffs(changes: Iterable[FileChange]) -> list[FileDiff]:
    """All files, with lines as long as the page has room for them."""
    room = SHOWN_LINES
    made = []
    for change in changes:
        lines = [] if change.patch is None else list(lines_of(change.patch))
        if len(lines) > room:
            made.append(FileDiff(change, [], "This diff is too large to be shown here."))
            room = min(room, SHOWN_LINES // 4)
            continue
        room -= len(lines)
        made.append(FileDiff(change, lines, "" if lines else _reason(change)))
    return made


def _reason(change: FileChange) -> str:
    if change.changes:
        return "This diff is too large to be shown here."
    if change.status in ("renamed", "copied"):
        return "The content is the same."
    return "A binary or empty file, or a change of its mode only."


def lines_of(patch: str) -> Iterator[Line]:
    old = new = 0
    for text in patch.split("\n"):
        kind = KINDS.get(text[:1], "same")
        shown = text[:SHOWN_CHARACTERS] + ("…" if len(text) > SHOWN_CHARACTERS else "")
        if kind == "hunk" and (found := HUNK.match(text)):
            old, new = int(found[1]), int(found[2])
            yield Line("hunk", 0, 0, shown)
        elif kind == "add":
            yield Line("add", 0, new, shown[1:])
            new += 1
        elif kind == "del":
            yield Line("del", old, 0, shown[1:])
            old += 1
        elif kind == "note":
            yield Line("note", 0, 0, shown[2:])
        else:
            yield Line("same", old, new, shown[1:])
            old, new = old + 1, new + 1
