"""The pull request of an address."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from bot.simulator.domain.issues.rights import is_author
from bot.simulator.errors import not_found
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest, ReviewComment
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.world import World


class AtNumber:
    """A call about one pull request, which the caller may read."""

    def __init__(self, here: Here, pull: PullRequest) -> None:
        self.here = here
        self.pull = pull
        self.world: World = here.world
        self.caller: Caller = here.caller
        self.repository = here.repository

    @property
    def issue(self) -> Issue:
        return self.world.tables.issues[self.pull.issue_id]


async def pull_of(here: AtRepository, pull_number: int) -> AtNumber:
    """Raises:
    ApiError: 404.
    """
    here.require("pull_requests", "read")
    pull = here.tables.pulls.one("number", (here.repository.id, pull_number))
    if pull is None:
        raise not_found()
    return AtNumber(here, pull)


AtPull = Annotated[AtNumber, Depends(pull_of)]


def review_comment_at(here: Here, id: int) -> ReviewComment:
    """Raises:
    ApiError: 404, also for one of a pending review, which is its author's secret.
    """
    here.require("pull_requests", "read")
    comment = here.tables.review_comments.get(id)
    if comment is None or comment.repository_id != here.repository.id:
        raise not_found()
    review = here.tables.reviews[comment.review_id]
    if review.state == "PENDING" and not is_author(here.caller, review.author_id):
        raise not_found()
    return comment
