"""What can be done to a pull request: review it, merge it, bring it up to date."""

from __future__ import annotations

from typing import get_args

from starlette.responses import RedirectResponse, Response

from bot.simulator.domain.issues.rights import is_author
from bot.simulator.domain.pulls.anchors import Remark, Unanchored, anchor
from bot.simulator.domain.pulls.edits import request_reviewers, unrequest_reviewers
from bot.simulator.domain.pulls.merges import Method, Wish, merge_pull
from bot.simulator.domain.pulls.pulls import Proposal, open_pull
from bot.simulator.domain.pulls.review_comments import add_comment, add_reply, resolve_thread
from bot.simulator.domain.pulls.review_states import Verdict, dismiss
from bot.simulator.domain.pulls.reviews import (
    NewReview,
    check_body,
    create_review,
    delete_pending,
    pending_of,
    submit_review,
    unprocessable,
)
from bot.simulator.domain.pulls.single_comments import comment_at, reply_to
from bot.simulator.domain.pulls.states import issue_of, set_draft
from bot.simulator.domain.repositories.refs import change_refs
from bot.simulator.errors import ApiError, not_found
from bot.simulator.git import RefChange
from bot.simulator.identity.rights import require
from bot.simulator.pages.conversation.texts import sees_review
from bot.simulator.pages.forms import Fields, Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.pulls.reading import PULL
from bot.simulator.pages.rendering import link_to
from bot.simulator.records.pulls import PullRequest, Review, Side
from bot.simulator.rest.issues.finding import issue_at
from bot.simulator.rest.pulls.merging import BranchUpdate
from bot.simulator.rest.pulls.merging import update as update_from_base
from bot.simulator.rest.pulls.scope import AtNumber
from bot.simulator.rest.scope import AtRepository, Here

router = pages_router()

METHODS: tuple[Method, ...] = get_args(Method)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def _pull_at(here: Here, number: int) -> PullRequest:
    pull = here.tables.pulls.get(issue_at(here, number).pull_id)
    if pull is None:
        raise not_found()
    return pull


def _back(here: Here, number: int, *parts: str, anchor: str = "") -> Response:
    path = link_to(here.world, here.repository, "pull", number, *parts)
    return RedirectResponse(f"{path}#{anchor}" if anchor else path, 303)


@router.post("/{owner}/{repo}/pulls")
async def propose(here: AtRepository, form: Form) -> Response:
    here.require("pull_requests", "write", role="read")
    proposal = Proposal(
        base=form.text("base"),
        head=form.text("head"),
        title=form.text("title"),
        body=form.text("body"),
        draft=form.given("draft"),
    )
    pull = await open_pull(here.world, here.caller, here.repository, proposal)
    return _back(here, pull.number)


@router.post(PULL + "/merge")
async def merge(here: AtRepository, number: int, form: Form) -> Response:
    here.require("contents", "write", role="write")
    wish = Wish(
        form.choice("method", METHODS, "That is no way to merge."),
        form.text("title") or None,
        form.text("message") or None,
        form.text("sha") or None,
    )
    await merge_pull(here.world, here.caller, here.repository, _pull_at(here, number), wish)
    return _back(here, number)


@router.post(PULL + "/draft")
async def turn_draft(here: AtRepository, number: int, form: Form) -> Response:
    """By its author, or who may write."""
    pull = _pull_at(here, number)
    issue = issue_of(here.world, pull)
    own = is_author(here.caller, issue.author_id)
    here.require("pull_requests", "write", role="read" if own else "write")
    if issue.state == "closed":
        raise ApiError(422, "The pull request is closed.")
    set_draft(here.world, here.caller, here.repository, pull, form.given("draft"))
    return _back(here, number)


@router.post(PULL + "/update")
async def update(here: AtRepository, number: int, form: Form) -> Response:
    wish = BranchUpdate(expected_head_sha=form.text("sha") or None)
    await update_from_base(AtNumber(here, _pull_at(here, number)), wish)
    return _back(here, number)


@router.post(PULL + "/branch")
async def delete_branch(here: AtRepository, number: int) -> Response:
    """Takes the head branch away once the pull request is closed."""
    pull = _pull_at(here, number)
    source = here.tables.repositories.get(pull.head_repository_id)
    if source is None or issue_of(here.world, pull).state == "open":
        raise ApiError(422, "The branch cannot be deleted now.")
    require(here.tables, here.caller, source, "contents", "write")
    gone = RefChange(f"refs/heads/{pull.head_ref}", pull.head_sha, None)
    await change_refs(here.world, here.caller, source, [gone])
    return _back(here, number)


@router.post(PULL + "/reviewers")
async def ask(here: AtRepository, number: int, form: Form) -> Response:
    """Makes those that are named the ones who are asked."""
    here.require("pull_requests", "write", role="write")
    pull, wanted = _pull_at(here, number), form.all("reviewer")
    asked = [here.tables.accounts[id].login for id in pull.requested_reviewer_ids]
    about = (here.world, here.caller, here.repository, pull)
    unrequest_reviewers(*about, [login for login in asked if login not in wanted])
    request_reviewers(*about, [login for login in wanted if login not in asked])
    return _back(here, number)


@router.post(PULL + "/reviews")
async def review(here: AtRepository, number: int, form: Form) -> Response:
    """Submits what is pending, or a review at once; or takes back what is pending."""
    pull, body = _pull_at(here, number), form.text("body")
    here.require("pull_requests", "write", role="read")
    pending = pending_of(here.world, here.caller, pull)
    if form.given("discard"):
        if pending is None:
            raise ApiError(409, "There is no review of yours that is not submitted.")
        delete_pending(here.world, here.caller, pending)
        return _back(here, number, "files")
    unsaid = "Say whether you approve, ask for changes or only comment."
    verdict = form.choice("verdict", VERDICTS, unsaid)
    about = (here.world, here.caller, here.repository)
    if pending is not None:
        submit_review(*about, pending, verdict, body)
        return _back(here, number, anchor=f"pullrequestreview-{pending.id}")
    made = await create_review(*about, pull, NewReview(body, verdict))
    return _back(here, number, anchor=f"pullrequestreview-{made.id}")


@router.post(PULL + "/comments")
async def comment_line(here: AtRepository, number: int, form: Form) -> Response:
    """At once, or as a part of a review that is submitted later."""
    pull, remark = _pull_at(here, number), _remark(form)
    here.require("pull_requests", "write", role="read")
    pending = pending_of(here.world, here.caller, pull)
    about = (here.world, here.caller, here.repository)
    if pending is not None:
        await _add(here, pull, pending, remark)
    elif form.given("later"):
        await create_review(*about, pull, NewReview(remarks=[remark]))
    else:
        await comment_at(*about, pull, pull.head_sha, remark)
    return _back(here, number, "files", anchor=form.text("anchor")[:40])


def _remark(form: Fields) -> Remark:
    side: Side = "LEFT" if form.text("side") == "LEFT" else "RIGHT"
    return Remark(form.text("path"), form.text("body"), form.number("line"), side)


async def _add(here: Here, pull: PullRequest, pending: Review, remark: Remark) -> None:
    check_body(remark.body)
    try:
        place = await anchor(here.world, pull, pending.commit_id, remark)
    except Unanchored as error:
        raise unprocessable(str(error)) from error
    add_comment(here.world, here.caller, pending, remark, place)


@router.post(PULL + "/threads/{id:int}")
async def answer_thread(here: AtRepository, number: int, id: int, form: Form) -> Response:
    """Resolves, unresolves, or answers."""
    pull, thread = _pull_at(here, number), here.tables.threads.get(id)
    if thread is None or thread.pull_id != pull.id:
        raise not_found()
    about = (here.world, here.caller, here.repository)
    first = here.tables.review_comments.where("thread", thread.id)[0]
    if not sees_review(here, here.tables.reviews[first.review_id]):
        raise not_found()
    if form.text("turn") in ("resolve", "unresolve"):
        resolve_thread(*about, thread, form.text("turn") == "resolve")
        return _back(here, number, anchor=f"discussion_r{first.id}")
    here.require("pull_requests", "write", role="read")
    pending = pending_of(here.world, here.caller, pull)
    if pending is None:
        made = reply_to(*about, first, form.text("body"))
    else:
        check_body(form.text("body"))
        made = add_reply(here.world, here.caller, pending, first, form.text("body"))
    return _back(here, number, anchor=f"discussion_r{made.id}")


@router.post(PULL + "/reviews/{id:int}/dismiss")
async def dismiss_review(here: AtRepository, number: int, id: int, form: Form) -> Response:
    pull, found = _pull_at(here, number), here.tables.reviews.get(id)
    if found is None or found.pull_id != pull.id or not sees_review(here, found):
        raise not_found()
    here.require("pull_requests", "write", role="write")
    dismiss(here.world, here.caller, here.repository, found, form.text("message") or None)
    return _back(here, number)
