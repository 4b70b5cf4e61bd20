"""Reviews and their threads as they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.simulator.domain.issues.rights import is_author
from bot.simulator.pages.conversation.remarks import Remark, Remarks
from bot.simulator.pages.conversation.texts import Text, may_act, sees_review
from bot.simulator.pages.diffs import Line, lines_of
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest, Review, ReviewComment, ReviewThread
from bot.simulator.rest.scope import Here

CONTEXT = 4
"""Of the lines above a thread, as many are shown in the conversation."""
WORDS = {
    "APPROVED": "approved these changes",
    "CHANGES_REQUESTED": "asked for changes",
    "COMMENTED": "reviewed",
    "DISMISSED": "reviewed (dismissed)",
    "PENDING": "has begun a review that only they see",
}


@dataclass(frozen=True)
class ShownThread:
    """`lines` end with the one that it is about."""

    thread: ReviewThread
    first: ReviewComment
    lines: list[Line]
    remarks: list[Remark]
    resolver: str | None
    may_resolve: bool
    pending: bool

    @property
    def outdated(self) -> bool:
        return self.first.position is None and self.first.subject_type == "line"

    @property
    def place(self) -> str:
        number = self.first.line or self.first.original_line
        start = self.first.start_line or self.first.original_start_line
        if number is None:
            return "the file"
        return f"lines {start} to {number}" if start else f"line {number}"


@dataclass(frozen=True)
class ShownReview:
    review: Review
    remark: Remark
    words: str
    threads: list[ShownThread]


class Threads:
    """Those of one pull request that the visitor may see: pending ones only as their author."""

    def __init__(self, here: Here, pull: PullRequest, issue: Issue, remarks: Remarks) -> None:
        self._here, self._pull, self._issue, self._remarks = here, pull, issue, remarks
        self._comments: dict[int, list[ReviewComment]] = {}
        for comment in here.tables.review_comments.where("pull", pull.id):
            if self.sees(here.tables.reviews[comment.review_id]):
                self._comments.setdefault(comment.thread_id, []).append(comment)

    def sees(self, review: Review) -> bool:
        return sees_review(self._here, review)

    def reviewed(self, review: Review) -> ShownReview | None:
        """None for a review that only answered in threads, where its words already stand."""
        begun = [cs for cs in self._comments.values() if cs[0].review_id == review.id]
        if not begun and not review.body and review.state == "COMMENTED":
            return None
        remark = self._remarks.make(Text("review", review, self._issue))
        threads = [self._thread(comments) for comments in begun]
        return ShownReview(review, remark, WORDS[review.state], threads)

    def at_lines(self) -> Iterator[tuple[tuple[str, str, int], ShownThread]]:
        """Those that stand in the present diff, by (path, side, line); 0 is the whole file."""
        for comments in self._comments.values():
            first = comments[0]
            if first.position is not None or first.subject_type == "file":
                yield (first.path, first.side, first.line or 0), self._thread(comments)

    def _thread(self, comments: list[ReviewComment]) -> ShownThread:
        here, first = self._here, comments[0]
        thread = here.tables.threads[first.thread_id]
        resolver = here.tables.accounts.get(thread.resolved_by_id)
        own = is_author(here.caller, self._issue.author_id)
        return ShownThread(
            thread,
            first,
            [line for line in lines_of(first.diff_hunk) if line.kind != "hunk"][-CONTEXT:],
            [self._remarks.make(Text("review_comment", c, self._issue)) for c in comments],
            None if resolver is None else resolver.login,
            may_act(here, "read" if own else "write", self._issue),
            here.tables.reviews[first.review_id].state == "PENDING",
        )
