"""The events of an issue and of a repository, and the timeline, which has comments as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from bot.simulator.domain.issues.rights import require_read
from bot.simulator.errors import not_found
from bot.simulator.git import Commit
from bot.simulator.identity.rights import may_see
from bot.simulator.records.issues import Comment, Issue, TimelineEvent
from bot.simulator.records.pulls import PullRequest, Review
from bot.simulator.rest.issues.finding import issue_at
from bot.simulator.rest.replies import paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.timeline import (
    comment_entry_view,
    commit_entry_view,
    cross_reference_view,
    entry_view,
    issue_event_view,
    issues_named,
    review_entry_view,
)

router = router_for("issues")

Shown = tuple[datetime, int, Callable[[], dict[str, Any]]]
"""When it happened, an id that orders what happened in one second, and how to show it."""


@router.get("/repos/{owner}/{repo}/issues/events")
async def list_events_of_repository(here: AtRepository) -> Response:
    """The newest first."""
    require_read(here.world, here.caller, here.repository)
    found = here.tables.timeline.where("repository", here.repository.id)
    events = [e for e in reversed(found) if is_issue_event(e) and _is_visible(here, e)]
    return paginate(here.request, events, lambda entry: issue_event_view(here.world, entry))


@router.get("/repos/{owner}/{repo}/issues/events/{event_id}")
async def get_event(here: AtRepository, event_id: int) -> Response:
    require_read(here.world, here.caller, here.repository)
    entry = here.tables.timeline.get(event_id)
    if entry is None or entry.repository_id != here.repository.id or not is_issue_event(entry):
        raise not_found()
    if not _is_visible(here, entry):
        raise not_found()
    return reply(issue_event_view(here.world, entry))


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/events")
async def list_events(here: AtRepository, issue_number: int) -> Response:
    issue = issue_at(here, issue_number)
    found = here.tables.timeline.where("issue", issue.id)
    events = [entry for entry in found if is_issue_event(entry) and _is_visible(here, entry)]
    return paginate(here.request, events, lambda entry: entry_view(here.world, entry))


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/timeline")
async def list_timeline(here: AtRepository, issue_number: int) -> Response:
    issue = issue_at(here, issue_number)
    shown = [*_entries(here, issue), *_comments(here, issue)]
    pull = here.tables.pulls.get(issue.pull_id)
    if pull is not None:
        shown += [*await _commits(here, pull), *_reviews(here, pull)]
    shown.sort(key=lambda each: each[:2])
    return paginate(here.request, shown, lambda each: each[2]())


def is_issue_event(entry: TimelineEvent) -> bool:
    """References from elsewhere stand in timelines only."""
    return entry.event != "cross-referenced"


def _entries(here: Here, issue: Issue) -> list[Shown]:
    found = here.tables.timeline.where("issue", issue.id)
    return [
        (entry.created_at, entry.id, _viewer(here, entry))
        for entry in found
        if _is_visible(here, entry)
    ]


def _viewer(here: Here, entry: TimelineEvent) -> Callable[[], dict[str, Any]]:
    view = entry_view if is_issue_event(entry) else cross_reference_view
    return lambda: view(here.world, entry)


def _is_visible(here: Here, entry: TimelineEvent) -> bool:
    """Not to who may not see an issue that it names; nor is a reference whose source is gone."""
    tables = here.tables
    others = [tables.issues.get(id) for id in issues_named(entry)]
    if None in others and not is_issue_event(entry):
        return False
    homes = [tables.repositories[other.repository_id] for other in others if other is not None]
    return all(may_see(tables, here.caller, home) for home in homes)


def _comments(here: Here, issue: Issue) -> list[Shown]:
    def shown(comment: Comment) -> Shown:
        return comment.created_at, comment.id, lambda: comment_entry_view(here.world, comment)

    return [shown(comment) for comment in here.tables.comments.where("issue", issue.id)]


def _reviews(here: Here, pull: PullRequest) -> list[Shown]:
    """Those that were submitted."""

    def shown(review: Review, at: datetime) -> Shown:
        return at, review.id, lambda: review_entry_view(here.world, review)

    found = here.tables.reviews.where("pull", pull.id)
    return [shown(review, at) for review in found if (at := review.submitted_at) is not None]


async def _commits(here: Here, pull: PullRequest) -> list[Shown]:
    """In the order of the branch, the last one no later than it was committed."""

    def shown(commit: Commit, at: datetime, place: int) -> Shown:
        return at, place, lambda: commit_entry_view(here.world, here.repository, commit)

    commits = await here.git.commits_between(pull.compared_sha, pull.head_sha)
    found: list[Shown] = []
    latest = datetime.min.replace(tzinfo=UTC)
    for place, commit in enumerate(commits):
        latest = max(latest, datetime.fromisoformat(commit.committer.date))
        found.append(shown(commit, latest, place))
    return found
