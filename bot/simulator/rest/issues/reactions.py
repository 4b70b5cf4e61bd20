"""Reactions to issues, to comments, and to review comments."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from bot.simulator.domain.issues.reactions import react, unreact
from bot.simulator.errors import not_found
from bot.simulator.records.issues import Issue, ReactionContent, Subject
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.issues.finding import comment_at, issue_at
from bot.simulator.rest.pulls.scope import review_comment_at
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.reactions import reaction_view

router = router_for("reactions")

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}/reactions"
COMMENT = "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions"
REVIEW_COMMENT = "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions"


class NewReaction(Body):
    content: ReactionContent


@dataclass(frozen=True)
class Target:
    """What is reacted to, and the issue or pull request it belongs to."""

    subject: Subject
    id: int
    issue: Issue


@router.get(COMMENT)
async def list_for_comment(here: AtRepository, comment_id: int) -> Response:
    return _list(here, _comment(here, comment_id))


@router.post(COMMENT)
async def create_for_comment(here: AtRepository, comment_id: int, wanted: NewReaction) -> Response:
    return _create(here, _comment(here, comment_id), wanted)


@router.delete(COMMENT + "/{reaction_id}")
async def delete_for_comment(here: AtRepository, comment_id: int, reaction_id: int) -> Response:
    return _delete(here, _comment(here, comment_id), reaction_id)


@router.get(REVIEW_COMMENT)
async def list_for_review_comment(here: AtRepository, comment_id: int) -> Response:
    return _list(here, _review_comment(here, comment_id))


@router.post(REVIEW_COMMENT)
async def create_for_review_comment(
    here: AtRepository, comment_id: int, wanted: NewReaction
) -> Response:
    return _create(here, _review_comment(here, comment_id), wanted)


@router.delete(REVIEW_COMMENT + "/{reaction_id}")
async def delete_for_review_comment(
    here: AtRepository, comment_id: int, reaction_id: int
) -> Response:
    return _delete(here, _review_comment(here, comment_id), reaction_id)


@router.get(ISSUE)
async def list_for_issue(here: AtRepository, issue_number: int) -> Response:
    return _list(here, _issue(here, issue_number))


@router.post(ISSUE)
async def create_for_issue(here: AtRepository, issue_number: int, wanted: NewReaction) -> Response:
    return _create(here, _issue(here, issue_number), wanted)


@router.delete(ISSUE + "/{reaction_id}")
async def delete_for_issue(here: AtRepository, issue_number: int, reaction_id: int) -> Response:
    return _delete(here, _issue(here, issue_number), reaction_id)


def _issue(here: Here, number: int) -> Target:
    issue = issue_at(here, number)
    return Target("issue", issue.id, issue)


def _comment(here: Here, id: int) -> Target:
    comment = comment_at(here, id)
    return Target("comment", id, here.tables.issues[comment.issue_id])


def _review_comment(here: Here, id: int) -> Target:
    pull = here.tables.pulls[review_comment_at(here, id).pull_id]
    return Target("review_comment", id, here.tables.issues[pull.issue_id])


def _list(here: Here, target: Target) -> Response:
    content = here.request.query_params.get("content")
    found = here.tables.reactions.where("subject", (target.subject, target.id))
    if content:
        found = [reaction for reaction in found if reaction.content == content]
    return paginate(here.request, found, lambda each: reaction_view(here.world, each))


def _create(here: Here, target: Target, wanted: NewReaction) -> Response:
    """201 for a new one, 200 for one that was there."""
    reaction, new = react(
        here.world,
        here.caller,
        here.repository,
        target.issue,
        target.subject,
        target.id,
        wanted.content,
    )
    return reply(reaction_view(here.world, reaction), 201 if new else 200)


def _delete(here: Here, target: Target, reaction_id: int) -> Response:
    reaction = here.tables.reactions.get(reaction_id)
    if reaction is None or (reaction.subject, reaction.subject_id) != (target.subject, target.id):
        raise not_found()
    unreact(here.world, here.caller, here.repository, target.issue, reaction)
    return no_content()
