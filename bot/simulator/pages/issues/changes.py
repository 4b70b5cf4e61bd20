"""What can be done to an issue, which for the most part goes for a pull request as well."""

from __future__ import annotations

from typing import Literal, get_args

from starlette.responses import RedirectResponse, Response

from bot.simulator.domain.issues.assigning import assignees_named, set_assignees
from bot.simulator.domain.issues.comments import create_comment
from bot.simulator.domain.issues.deletion import delete_issue
from bot.simulator.domain.issues.dependencies import block, unblock
from bot.simulator.domain.issues.issues import (
    CloseReason,
    Draft,
    close_issue,
    edit_texts,
    open_issue,
    reopen_issue,
    require_edit,
)
from bot.simulator.domain.issues.labelling import set_labels
from bot.simulator.domain.issues.locking import lock_issue, unlock_issue
from bot.simulator.domain.issues.milestones import put_under
from bot.simulator.domain.issues.rights import require_write
from bot.simulator.domain.issues.sub_issues import add_sub_issue, remove_sub_issue
from bot.simulator.domain.pulls.states import reopen_pull
from bot.simulator.errors import ApiError, not_found
from bot.simulator.identity.caller import Caller
from bot.simulator.pages.forms import Fields, Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.numbers import number_in
from bot.simulator.pages.rendering import link_to
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.issues.finding import issue_at
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.world import World

router = pages_router()

ISSUE = "/{owner}/{repo}/issues/{number:int}"

Turn = CloseReason | Literal["reopen"]

TURNS: tuple[Turn, ...] = (*get_args(CloseReason), "reopen")


def page_of_issue(here: Here, issue: Issue, anchor: str = "") -> Response:
    """To be shown after a change."""
    kind = "issues" if issue.pull_id is None else "pull"
    path = link_to(here.world, here.repository, kind, issue.number)
    return RedirectResponse(f"{path}#{anchor}" if anchor else path, 303)


def _about(here: Here) -> tuple[World, Caller, Repository]:
    return here.world, here.caller, here.repository


@router.post("/{owner}/{repo}/issues")
async def create(here: AtRepository, form: Form) -> Response:
    draft = Draft(form.text("title"), form.text("body"), form.all("label"), form.all("assignee"))
    return page_of_issue(here, open_issue(*_about(here), draft))


@router.post(ISSUE + "/comments")
async def comment(here: AtRepository, number: int, form: Form) -> Response:
    """The button may close or reopen as well; then the text may be empty."""
    issue, anchor, turn = issue_at(here, number), "", None
    if form.text("turn"):
        turn = form.choice("turn", TURNS, "An issue is closed for a reason, or reopened.")
        require_edit(*_about(here), issue)
    if form.text("body").strip() or turn is None:
        made = create_comment(*_about(here), issue, form.text("body"))
        anchor = f"issuecomment-{made.id}"
    if turn is not None:
        await _turn(here, issue, turn)
    return page_of_issue(here, issue, anchor)


async def _turn(here: Here, issue: Issue, turn: Turn) -> None:
    """Closes for a reason, or reopens."""
    pull = here.tables.pulls.get(issue.pull_id)
    if turn != "reopen":
        close_issue(*_about(here), issue, turn)
    elif pull is not None:
        await reopen_pull(*_about(here), pull)
    else:
        reopen_issue(*_about(here), issue)


@router.post(ISSUE + "/title")
async def rename(here: AtRepository, number: int, form: Form) -> Response:
    issue = issue_at(here, number)
    edit_texts(*_about(here), issue, title=form.text("title"))
    return page_of_issue(here, issue)


@router.post(ISSUE + "/labels")
async def label(here: AtRepository, number: int, form: Form) -> Response:
    issue = issue_at(here, number)
    fresh = [name.strip() for name in form.text("new").split(",") if name.strip()]
    set_labels(*_about(here), issue, [*form.all("label"), *fresh])
    return page_of_issue(here, issue)


@router.post(ISSUE + "/assignees")
async def assign(here: AtRepository, number: int, form: Form) -> Response:
    issue = issue_at(here, number)
    require_write(*_about(here), "triage", issue)
    people = assignees_named(here.world, here.repository, form.all("assignee"), issue)
    set_assignees(*_about(here), issue, people)
    return page_of_issue(here, issue)


@router.post(ISSUE + "/milestone")
async def milestone(here: AtRepository, number: int, form: Form) -> Response:
    issue = issue_at(here, number)
    require_write(*_about(here), "triage", issue)
    chosen = None
    if form.text("milestone"):
        key = (here.repository.id, form.number("milestone"))
        chosen = here.tables.milestones.one("number", key)
        if chosen is None:
            raise ApiError(422, "There is no such milestone here.")
    put_under(*_about(here), issue, chosen)
    return page_of_issue(here, issue)


@router.post(ISSUE + "/lock")
async def lock(here: AtRepository, number: int, form: Form) -> Response:
    issue = issue_at(here, number)
    if form.given("unlock"):
        unlock_issue(*_about(here), issue)
    else:
        lock_issue(*_about(here), issue, form.text("reason") or None)
    return page_of_issue(here, issue)


@router.post(ISSUE + "/delete")
async def delete(here: AtRepository, number: int) -> Response:
    delete_issue(*_about(here), issue_at(here, number))
    return RedirectResponse(link_to(here.world, here.repository, "issues"), 303)


@router.post(ISSUE + "/sub_issues")
async def sub_issue(here: AtRepository, number: int, form: Form) -> Response:
    issue = issue_at(here, number)
    if form.given("remove"):
        remove_sub_issue(*_about(here), issue, _related(here, form))
    else:
        add_sub_issue(*_about(here), issue, _other(here, form))
    return page_of_issue(here, issue)


@router.post(ISSUE + "/dependencies")
async def dependency(here: AtRepository, number: int, form: Form) -> Response:
    issue = issue_at(here, number)
    if form.given("remove"):
        unblock(*_about(here), issue, _related(here, form))
    else:
        block(*_about(here), issue, _other(here, form))
    return page_of_issue(here, issue)


def _related(here: Here, form: Fields) -> Issue:
    """By its id, as it may be of another repository. Raises ApiError, 404."""
    found = here.tables.issues.get(form.number("remove"))
    if found is None:
        raise not_found()
    return found


def _other(here: Here, form: Fields) -> Issue:
    """Raises:
    ApiError: 422 for what is no number of an issue here.
    """
    number = number_in(form.text("number").strip().removeprefix("#"))
    if number is None:
        raise ApiError(422, "Name the other issue by its number.")
    found = here.tables.issues.one("number", (here.repository.id, number))
    if found is None:
        raise ApiError(422, f"There is no issue #{number} here.")
    return found
