"""Where in a diff a review comment stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.simulator.domain.pulls.hunks import PatchLine, excerpt, line_at, lines_of
from bot.simulator.domain.repositories.comparing import MOST_FILES
from bot.simulator.git import EMPTY_TREE, FileChange
from bot.simulator.records.pulls import PullRequest, Side
from bot.simulator.world import World


@dataclass(frozen=True)
class Remark:
    """A comment as somebody asks for it: at `line` of a side, at a `position`, or on the file."""

    path: str
    body: str
    line: int | None = None
    side: Side | None = None
    start_line: int | None = None
    start_side: Side | None = None
    position: int | None = None
    subject_type: Literal["line", "file"] = "line"


@dataclass(frozen=True)
class Anchor:
    """Where a remark stands in the diff of one commit."""

    hunk: str
    position: int
    line: int | None
    side: Side
    start_line: int | None
    start_side: Side | None


class Unanchored(Exception):
    """`field` is what does not fit the diff: path, line or start_line."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} must be part of the diff")
        self.field = field


async def anchor(world: World, pull: PullRequest, commit: str, remark: Remark) -> Anchor:
    """Raises Unanchored for a place outside of the diff from where head left base to `commit`."""
    git = world.git(world.tables.repositories[pull.repository_id])
    changes = await git.changes(pull.start_sha or EMPTY_TREE, commit, limit=MOST_FILES)
    change = next((change for change in changes if change.filename == remark.path), None)
    if change is None:
        raise Unanchored("path")
    if remark.subject_type == "file":
        return Anchor((change.patch or "").partition("\n")[0], 1, None, "RIGHT", None, None)
    return _in_file(change, remark)


def _in_file(change: FileChange, remark: Remark) -> Anchor:
    patch = change.patch or ""
    lines = lines_of(patch)
    side: Side = remark.side or "RIGHT"
    if remark.line is not None:
        found = line_at(lines, side, remark.line)
    else:
        found = next((line for line in lines if line.position == remark.position), None)
        side = "LEFT" if found is not None and found.right is None else "RIGHT"
    if found is None:
        raise Unanchored("line" if remark.position is None else "position")
    start_side = None
    if remark.start_line is not None:
        start_side = remark.start_side or side
        _check_start(line_at(lines, start_side, remark.start_line), found)
    number = found.number(side)
    hunk = excerpt(patch, found)
    return Anchor(hunk, found.position, number, side, remark.start_line, start_side)


def _check_start(start: PatchLine | None, end: PatchLine) -> None:
    if start is None or start.hunk != end.hunk or start.position >= end.position:
        raise Unanchored("start_line")
