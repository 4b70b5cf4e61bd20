"""Finding what an address names, or refusing as GitHub does."""

from __future__ import annotations

from bot.simulator.domain.issues.labels import find_label
from bot.simulator.domain.issues.milestones import find_milestone
from bot.simulator.domain.issues.rights import require_read
from bot.simulator.errors import ApiError, not_found
from bot.simulator.identity.rights import may_see
from bot.simulator.records.issues import Comment, Issue
from bot.simulator.records.repositories import Label, Milestone
from bot.simulator.rest.scope import Here


def issue_at(here: Here, number: int) -> Issue:
    """An issue or pull request which the caller may read.

    Raises:
        ApiError: 404, or 410 for one that was deleted or where issues are switched off.
    """
    key = (here.repository.id, number)
    issue = here.tables.issues.one("number", key)
    if issue is None and here.tables.tombstones.one("number", key) is not None:
        raise ApiError(410, "This issue was deleted")
    if issue is None:
        raise not_found()
    if issue.pull_id is None:
        require_issues(here)
    require_read(here.world, here.caller, here.repository, issue)
    return issue


def require_issues(here: Here) -> None:
    """Raises:
    ApiError: 410 where issues are switched off.
    """
    if not here.repository.has_issues:
        raise ApiError(410, "Issues has been disabled in this repository.")


def issue_of_id(here: Here, id: int, missing: str = "Not Found") -> Issue:
    """Any issue by its id, which is not its number, if the caller may see where it is.

    Raises:
        ApiError: 404 with the sentence `missing`.
    """
    issue = here.tables.issues.get(id)
    if issue is not None:
        home = here.tables.repositories[issue.repository_id]
        if may_see(here.tables, here.caller, home):
            return issue
    raise ApiError(404, missing)


def comment_at(here: Here, id: int) -> Comment:
    comment = here.tables.comments.get(id)
    if comment is None or comment.repository_id != here.repository.id:
        raise not_found()
    require_read(here.world, here.caller, here.repository, here.tables.issues[comment.issue_id])
    return comment


def label_at(here: Here, name: str) -> Label:
    label = find_label(here.world, here.repository, name)
    if label is None:
        raise not_found()
    return label


def milestone_at(here: Here, number: int) -> Milestone:
    milestone = find_milestone(here.world, here.repository, number)
    if milestone is None:
        raise not_found()
    return milestone
