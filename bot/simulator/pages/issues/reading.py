"""The page of one issue, and the form for a new one."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.simulator.pages.conversation.discussion import (
    in_order,
    margin_of,
    moments_of,
    shown,
)
from bot.simulator.pages.conversation.remarks import Remarks
from bot.simulator.pages.conversation.texts import Text
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.rendering import link_to, page
from bot.simulator.rest.issues.finding import issue_at
from bot.simulator.rest.scope import AtRepository

router = pages_router()


@router.get("/{owner}/{repo}/issues/new")
async def new_issue(here: AtRepository) -> Response:
    asked = here.request.query_params
    return page(
        here.request,
        "issues/new.html",
        repository=here.repository,
        typed_title=asked.get("title", ""),
        typed_body=asked.get("body", ""),
        labels=here.tables.labels.where("repository", here.repository.id),
    )


@router.get("/{owner}/{repo}/issues/{number:int}")
async def issue(here: AtRepository, number: int) -> Response:
    found = issue_at(here, number)
    if found.pull_id is not None:
        return RedirectResponse(link_to(here.world, here.repository, "pull", number), 302)
    remarks = Remarks(here)
    moments = in_order(here, moments_of(here, found))
    first = remarks.make(Text("issue", found, found))
    margin = margin_of(here, found)
    return page(
        here.request,
        "issues/issue.html",
        repository=here.repository,
        issue=found,
        first=first,
        moments=moments,
        entries=[e for m in moments.rows if (e := shown(here, remarks, found, m.row))],
        margin=margin,
        **margin,
    )
