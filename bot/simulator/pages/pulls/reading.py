"""The pages of one pull request."""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response

from bot.simulator.domain.issues.rights import is_author
from bot.simulator.errors import not_found
from bot.simulator.git import EMPTY_TREE
from bot.simulator.pages.conversation.discussion import (
    Entry,
    Moment,
    in_order,
    margin_of,
    moments_of,
    shown,
)
from bot.simulator.pages.conversation.remarks import Remarks
from bot.simulator.pages.conversation.texts import Text
from bot.simulator.pages.diffs import file_diffs
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.numbers import number_in
from bot.simulator.pages.pulls.overview import Overview, checks_at, overview_of
from bot.simulator.pages.pulls.threads import ShownThread, Threads
from bot.simulator.pages.references import setting_of
from bot.simulator.pages.rendering import link_to, page
from bot.simulator.records.pulls import Review
from bot.simulator.rest.scope import AtRepository, Here

router = pages_router()

PULL = "/{owner}/{repo}/pull/{number:int}"
MOST_COMMITS = 250
MOST_FILES = 300


def _page(here: Here, template: str, over: Overview, **values: Any) -> Response:
    return page(
        here.request,
        template,
        repository=here.repository,
        over=over,
        issue=over.issue,
        pull=over.pull,
        source=here.tables.repositories.get(over.pull.head_repository_id),
        margin=margin_of(here, over.issue),
        is_author=is_author(here.caller, over.issue.author_id),
        **values,
    )


@router.get(PULL)
async def conversation(here: AtRepository, number: int) -> Response:
    """`?part=merge` gives only the merge box, for keeping it fresh."""
    over = await overview_of(here, number)
    if here.request.query_params.get("part") == "merge":
        response = _page(here, "pulls/merge_part.html", over)
        response.headers["x-final"] = "no" if over.is_settling else "yes"
        return response
    remarks = Remarks(here)
    first = remarks.make(Text("issue", over.issue, over.issue))
    threads = Threads(here, over.pull, over.issue, remarks)
    reviews = [
        Moment(review.submitted_at or here.world.clock.now(), review.id, review)
        for review in here.tables.reviews.where("pull", over.pull.id)
        if threads.sees(review)
    ]
    happened: list[Moment[Entry | Review]] = [*moments_of(here, over.issue), *reviews]
    moments = in_order(here, happened)
    entries = [
        threads.reviewed(m.row)
        if isinstance(m.row, Review)
        else shown(here, remarks, over.issue, m.row)
        for m in moments.rows
    ]
    return _page(
        here,
        "pulls/conversation.html",
        over,
        first=first,
        moments=moments,
        entries=[entry for entry in entries if entry is not None],
        reviewers=_reviewers(here, over),
    )


def _reviewers(here: Here, over: Overview) -> list[str]:
    """Whose review has been asked for."""
    accounts = (here.tables.accounts.get(id) for id in over.pull.requested_reviewer_ids)
    return [account.login for account in accounts if account is not None]


@router.get(PULL + "/commits")
async def commits(here: AtRepository, number: int) -> Response:
    over = await overview_of(here, number)
    pull = over.pull
    found = await here.git.commits_between(pull.compared_sha, pull.head_sha, limit=MOST_COMMITS)
    return _page(here, "pulls/commits.html", over, commits=found)


@router.get(PULL + "/files")
async def files(here: AtRepository, number: int) -> Response:
    """`?path=…&at=R12` opens a form for a comment at that line."""
    over = await overview_of(here, number)
    pull, asked = over.pull, here.request.query_params
    start = pull.start_sha or EMPTY_TREE
    changes = await here.git.changes(start, pull.head_sha, limit=MOST_FILES)
    threads: dict[tuple[str, str, int], list[ShownThread]] = {}
    for place, thread in Threads(here, pull, over.issue, Remarks(here)).at_lines():
        threads.setdefault(place, []).append(thread)
    at = asked.get("at", "")
    line = number_in(at[1:])
    return _page(
        here,
        "pulls/files.html",
        over,
        diffs=file_diffs(changes),
        more=max(pull.changed_files - len(changes), 0),
        threads=threads,
        asked_path=asked.get("path", ""),
        asked_side="LEFT" if at.startswith("L") else "RIGHT",
        asked_line=-1 if line is None else line,
    )


@router.get(PULL + "/checks")
async def checks(here: AtRepository, number: int) -> Response:
    """`?check_run_id=…` shows one of them."""
    over = await overview_of(here, number)
    found = checks_at(here, over.pull.head_sha)
    asked = number_in(here.request.query_params.get("check_run_id", ""))
    chosen = here.tables.check_runs.get(asked)
    if chosen is not None and chosen.repository_id != here.repository.id:
        raise not_found()
    return _page(
        here,
        "pulls/checks.html",
        over,
        **found,
        chosen=chosen or next(iter(found["runs"]), None),
        markdown=here.request.app.state.markdown,
        setting=setting_of(here.world, here.repository),
    )


@router.get("/{owner}/{repo}/pull/{number:int}.{form}")
async def as_text(here: AtRepository, number: int, form: str) -> Response:
    over = await overview_of(here, number)
    pull = over.pull
    if form == "diff":
        text = await here.git.diff_text(pull.compared_sha, pull.head_sha)
    elif form == "patch":
        text = await here.git.patch_text(pull.compared_sha, pull.head_sha)
    else:
        raise not_found()
    return Response(text.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8")


@router.get("/{owner}/{repo}/runs/{id:int}")
async def check_run(here: AtRepository, id: int) -> Response:
    """Where `html_url` of a check run leads."""
    run = here.tables.check_runs.get(id)
    if run is None or run.repository_id != here.repository.id:
        raise not_found()
    for pull in here.tables.pulls.where("head_sha", run.head_sha):
        if pull.repository_id == here.repository.id:
            path = link_to(here.world, here.repository, "pull", pull.number, "checks")
            return RedirectResponse(f"{path}?check_run_id={id}", 302)
    return page(
        here.request,
        "pulls/check_run.html",
        repository=here.repository,
        chosen=run,
        markdown=here.request.app.state.markdown,
        setting=setting_of(here.world, here.repository),
    )
