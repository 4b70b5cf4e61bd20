"""Commits, branches, tags and comparisons."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.simulator.domain.checks.results import latest_runs
from bot.simulator.domain.repositories.networks import resolve_across
from bot.simulator.git import EMPTY_TREE, BareRepository, UnknownObject
from bot.simulator.pages.diffs import file_diffs
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.paging import number_of
from bot.simulator.pages.places import HEADS, TAGS, place_of, rest_of
from bot.simulator.pages.rendering import link_to, page
from bot.simulator.records.pulls import PullRequest
from bot.simulator.rest.scope import AtRepository, Here

router = pages_router()

PER_PAGE = 35
SHOWN_COMMITS = 250
SHOWN_FILES = 300


@router.get("/{owner}/{repo}/commits")
@router.get("/{owner}/{repo}/commits/{rest:path}")
async def commits(here: AtRepository) -> Response:
    asked = rest_of(here.request) or here.repository.default_branch
    place = await place_of(here.git, asked)
    number = number_of(here.request)
    found = await here.git.log(
        place.sha, path=place.path or None, skip=(number - 1) * PER_PAGE, limit=PER_PAGE + 1
    )
    return page(
        here.request,
        "code/commits.html",
        repository=here.repository,
        place=place,
        commits=found[:PER_PAGE],
        number=number,
        more=len(found) > PER_PAGE,
        branches=list(here.git.branches()),
    )


@router.get("/{owner}/{repo}/commit/{revision}.diff")
async def commit_diff(here: AtRepository, revision: str) -> Response:
    return await _commit_as_text(here, revision, "diff")


@router.get("/{owner}/{repo}/commit/{revision}.patch")
async def commit_patch(here: AtRepository, revision: str) -> Response:
    return await _commit_as_text(here, revision, "patch")


async def _commit_as_text(here: Here, revision: str, form: str) -> Response:
    commit = await here.git.commit(await here.git.resolve(revision))
    return await _as_text(here.git, _before(commit.parents), commit.sha, form)


@router.get("/{owner}/{repo}/commit/{revision}")
async def commit(here: AtRepository, revision: str) -> Response:
    found = await here.git.commit(await here.git.resolve(revision))
    changes = await here.git.changes(_before(found.parents), found.sha, limit=SHOWN_FILES)
    return page(
        here.request,
        "code/commit.html",
        repository=here.repository,
        commit=found,
        changes=changes,
        diffs=file_diffs(changes),
        checks=latest_runs(here.tables.check_runs.where("sha", (here.repository.id, found.sha))),
    )


def _before(parents: tuple[str, ...]) -> str:
    return parents[0] if parents else EMPTY_TREE


@router.get("/{owner}/{repo}/branches")
async def branches(here: AtRepository) -> Response:
    tips = here.git.branches()
    commits = await here.git.commits(list(dict.fromkeys(tips.values())))
    by_sha = {commit.sha: commit for commit in commits}
    rows = [(name, by_sha[sha]) for name, sha in tips.items()]
    rows.sort(key=lambda row: row[1].committer.when, reverse=True)
    rows.sort(key=lambda row: row[0] != here.repository.default_branch)
    others = [(n, s) for n, s in here.git.refs().items() if not n.startswith(HEADS)]
    return page(
        here.request,
        "code/branches.html",
        repository=here.repository,
        branches=rows,
        tags=[(n.removeprefix(TAGS), s) for n, s in others if n.startswith(TAGS)],
        others=[(n, s) for n, s in others if not n.startswith(TAGS)],
    )


@router.get("/{owner}/{repo}/compare")
async def choose_comparison(here: AtRepository) -> Response:
    asked, default = here.request.query_params, here.repository.default_branch
    newest = [name for name in here.git.branches() if name != default]
    base, head = asked.get("base") or default, asked.get("head") or next(iter(newest), default)
    path = link_to(here.world, here.repository, "compare", f"{base}...{head}")
    return RedirectResponse(path, 302)


@router.get("/{owner}/{repo}/compare/{rest:path}")
async def compare(here: AtRepository) -> Response:
    base_name, dots, head_name = rest_of(here.request).partition("...")
    if not dots:
        base_name, head_name = here.repository.default_branch, base_name
    plain, dot, form = head_name.rpartition(".")
    base = await here.git.resolve(base_name)
    if dot and form in ("diff", "patch") and not here.git.ref(HEADS + head_name):
        return await _as_text(here.git, base, await _head(here, plain), form)
    head = await _head(here, head_name)
    start = await here.git.merge_base(base, head)
    if start is None:
        raise UnknownObject("the two have nothing in common")
    changes = await here.git.changes(start, head, limit=SHOWN_FILES)
    return page(
        here.request,
        "code/compare.html",
        repository=here.repository,
        base=base_name,
        head=head_name,
        branches=list(here.git.branches()),
        commits=await here.git.commits_between(base, head, limit=SHOWN_COMMITS),
        changes=changes,
        diffs=file_diffs(changes),
        open_pulls=_open_pulls(here, base_name, head_name),
    )


async def _as_text(git: BareRepository, base: str, head: str, form: str) -> Response:
    text = await (git.diff_text if form == "diff" else git.patch_text)(base, head)
    return Response(text.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8")


async def _head(here: Here, name: str) -> str:
    """The commit of a revision here, or of `owner:branch` in a fork which the visitor may see."""
    return await resolve_across(here.world, here.caller, here.repository, name)


def _open_pulls(here: Here, base: str, head: str) -> list[PullRequest]:
    """Those that propose this already."""
    owner, _, branch = head.rpartition(":")
    found = []
    for pull in here.tables.pulls.where("base", (here.repository.id, base)):
        source = here.tables.repositories.get(pull.head_repository_id)
        is_open = here.tables.issues[pull.issue_id].state == "open"
        if is_open and source is not None and pull.head_ref == branch:
            login = here.world.owner(source).login.lower()
            if login == owner.lower() or (not owner and source.id == here.repository.id):
                found.append(pull)
    return found
