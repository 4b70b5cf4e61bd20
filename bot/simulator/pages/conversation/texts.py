"""The texts that people write: bodies, comments and review comments, and who may change them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from bot.simulator.domain.issues.comments import delete_comment, edit_comment
from bot.simulator.domain.issues.issues import edit_texts
from bot.simulator.domain.issues.rights import is_author, may_write
from bot.simulator.domain.pulls.review_comments import delete_review_comment, edit_review_comment
from bot.simulator.domain.pulls.reviews import edit_review
from bot.simulator.errors import not_found
from bot.simulator.records.issues import Comment, Issue, Subject
from bot.simulator.records.pulls import Review, ReviewComment
from bot.simulator.records.repositories import Role
from bot.simulator.rest.scope import Here

Kind = Subject | Literal["review"]
"""What can be reacted to, and reviews, which cannot."""

ANCHORS: dict[Kind, str] = {
    "issue": "issue-",
    "comment": "issuecomment-",
    "review": "pullrequestreview-",
    "review_comment": "discussion_r",
}
EDITORS: dict[Kind, Role] = {"issue": "triage", "comment": "write", "review_comment": "write"}
"""Who may edit a text beside its author; of a review nobody."""


@dataclass(frozen=True)
class Text:
    """One of them; `issue` is what it belongs to."""

    kind: Kind
    row: Issue | Comment | Review | ReviewComment
    issue: Issue

    @property
    def body(self) -> str:
        return self.row.body or ""

    @property
    def anchor(self) -> str:
        return f"{ANCHORS[self.kind]}{self.row.id}"

    @property
    def form(self) -> str:
        """The id of the form that its checkboxes submit."""
        return f"tasks-{self.kind}-{self.row.id}"

    @property
    def stamp(self) -> str:
        """Of the text as it was shown, so that nobody ticks what was changed meanwhile."""
        return sha256(self.body.encode("utf-8", "replace")).hexdigest()[:16]


def text_of(here: Here, kind: str, id: int) -> Text:
    """Raises:
    ApiError: 404 for a text that is not of this repository, or of a review not yet submitted.
    """
    tables = here.tables
    found: Text | None = None
    if kind == "issue" and (issue := tables.issues.get(id)):
        found = Text("issue", issue, issue)
    elif kind == "comment" and (comment := tables.comments.get(id)):
        found = Text("comment", comment, tables.issues[comment.issue_id])
    elif kind == "review" and (review := tables.reviews.get(id)):
        found = Text("review", review, tables.issues[tables.pulls[review.pull_id].issue_id])
    elif kind == "review_comment" and (remark := tables.review_comments.get(id)):
        found = Text("review_comment", remark, tables.issues[tables.pulls[remark.pull_id].issue_id])
    if found is None or found.row.repository_id != here.repository.id or not _sees(here, found):
        raise not_found()
    return found


def _sees(here: Here, text: Text) -> bool:
    match text.row:
        case Review():
            return sees_review(here, text.row)
        case ReviewComment():
            return sees_review(here, here.tables.reviews[text.row.review_id])
        case _:
            return True


def sees_review(here: Here, review: Review) -> bool:
    """What is pending is there for its author alone."""
    return review.state != "PENDING" or is_author(here.caller, review.author_id)


def may_edit(here: Here, text: Text) -> bool:
    caller = here.caller
    own = is_author(caller, text.row.author_id)
    role: Role | None = "read" if own else EDITORS.get(text.kind)
    return role is not None and may_act(here, role, text.issue)


def may_act(here: Here, role: Role, issue: Issue | None = None) -> bool:
    """Whether there is any use in offering the visitor what needs this role."""
    if here.caller.actor is None or here.repository.archived:
        return False
    return may_write(here.world, here.caller, here.repository, role, issue)


def may_speak(here: Here, issue: Issue) -> bool:
    return may_act(here, "write" if issue.locked else "read", issue)


def edit_text(here: Here, text: Text, body: str) -> None:
    """Raises:
    ApiError: as the API does for such a change.
    """
    world, caller, repository = here.world, here.caller, here.repository
    match text.row:
        case Issue():
            edit_texts(world, caller, repository, text.row, body=body)
        case Comment():
            edit_comment(world, caller, repository, text.row, body)
        case Review():
            edit_review(world, caller, repository, text.row, body)
        case ReviewComment():
            edit_review_comment(world, caller, repository, text.row, body)


def delete_text(here: Here, text: Text) -> None:
    """Raises:
    ApiError: as the API does for such a change.
    """
    world, caller, repository = here.world, here.caller, here.repository
    match text.row:
        case Issue() | Review():
            raise not_found()
        case Comment():
            delete_comment(world, caller, repository, text.row)
        case ReviewComment():
            delete_review_comment(world, caller, repository, text.row)
