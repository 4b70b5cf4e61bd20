"""What can be done to a single text: edit, tick a task, react, delete."""

from __future__ import annotations

from typing import get_args

from starlette.responses import Response

from bot.simulator.domain.issues.reactions import react, unreact
from bot.simulator.errors import ApiError
from bot.simulator.pages.conversation.texts import delete_text, edit_text, text_of
from bot.simulator.pages.forms import Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.issues.changes import page_of_issue
from bot.simulator.pages.tasks import toggled
from bot.simulator.records.issues import ReactionContent
from bot.simulator.rest.scope import AtRepository

router = pages_router()

CONTENTS: tuple[ReactionContent, ...] = get_args(ReactionContent)

TEXT = "/{owner}/{repo}/texts/{kind}/{id:int}"
"""An address of our own: on GitHub, scripts send these."""


@router.post(TEXT)
async def edit(here: AtRepository, kind: str, id: int, form: Form) -> Response:
    text = text_of(here, kind, id)
    if form.given("delete"):
        delete_text(here, text)
        return page_of_issue(here, text.issue)
    edit_text(here, text, form.text("body"))
    return page_of_issue(here, text.issue, text.anchor)


@router.post(TEXT + "/tasks")
async def tick(here: AtRepository, kind: str, id: int, form: Form) -> Response:
    text = text_of(here, kind, id)
    changed = None
    if form.text("was") == text.stamp:
        changed = toggled(text.body, form.number("line"))
    if changed is None:
        raise ApiError(409, "The text was changed meanwhile. Go back and try again.")
    edit_text(here, text, changed)
    return page_of_issue(here, text.issue, text.anchor)


@router.post(TEXT + "/reactions")
async def turn_reaction(here: AtRepository, kind: str, id: int, form: Form) -> Response:
    """Gives the reaction, or takes it back."""
    text, content = (
        text_of(here, kind, id),
        form.choice("content", CONTENTS, "That is no reaction."),
    )
    if text.kind == "review":
        raise ApiError(422, "Nobody reacts to a review, only to its comments.")
    about = (here.world, here.caller, here.repository, text.issue)
    reaction, is_new = react(*about, text.kind, text.row.id, content)
    if not is_new:
        unreact(*about, reaction)
    return page_of_issue(here, text.issue, text.anchor)
