"""Review comments and the lines they stand at, when the head has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.simulator.domain.pulls.hunks import line_at, lines_of, whereabouts
from bot.simulator.domain.repositories.comparing import MOST_FILES, Comparison
from bot.simulator.git import EMPTY_TREE, BareRepository, FileChange
from bot.simulator.records.pulls import PullRequest, ReviewComment
from bot.simulator.world import World

Files = Mapping[str, FileChange]


@dataclass(frozen=True)
class Place:
    """Where a comment stands now; without a position it is outdated."""

    position: int | None = None
    line: int | None = None
    start_line: int | None = None


@dataclass(frozen=True)
class Moves:
    """The new places of comments, worked out before anything is changed."""

    head: str
    places: dict[int, Place] = field(default_factory=dict)

    def apply(self, world: World) -> None:
        for id, place in self.places.items():
            comment = world.tables.review_comments.get(id)
            if comment is None:
                continue
            comment.position = place.position
            comment.line = place.line
            comment.start_line = place.start_line
            if place.position is not None:
                comment.commit_id = self.head
            world.tables.review_comments.save(comment)


async def follow_lines(
    world: World, git: BareRepository, pull: PullRequest, found: Comparison
) -> Moves:
    """Finds each comment's line in the new diff."""
    comments = [
        comment
        for comment in world.tables.review_comments.where("pull", pull.id)
        if comment.position is not None
    ]
    moves = Moves(found.head)
    if not comments:
        return moves
    start = found.start or EMPTY_TREE
    shown = await _files(git, start, found.head)
    for comment in comments:
        if comment.side == "LEFT":
            since = await _files(git, pull.start_sha or EMPTY_TREE, start)
        else:
            since = await _files(git, comment.commit_id, found.head)
        moves.places[comment.id] = _place(comment, shown, since)
    return moves


async def _files(git: BareRepository, old: str, new: str) -> Files:
    if old == new or new == EMPTY_TREE:
        return {}
    return {change.filename: change for change in await git.changes(old, new, limit=MOST_FILES)}


def _place(comment: ReviewComment, shown: Files, since: Files) -> Place:
    file = shown.get(comment.path)
    if comment.subject_type == "file":
        return Place() if file is None else Place(position=1)
    if file is None or file.patch is None or comment.line is None:
        return Place()
    line = _followed(since.get(comment.path), comment.line)
    found = None if line is None else line_at(lines_of(file.patch), comment.side, line)
    if found is None:
        return Place()
    start = None
    if comment.start_line is not None:
        start = _followed(since.get(comment.path), comment.start_line)
    return Place(found.position, line, start)


def _followed(change: FileChange | None, number: int) -> int | None:
    """The line's number after the change of its file, if there is one."""
    if change is None:
        return number
    return None if change.patch is None else whereabouts(change.patch, number)
