"""The lists of issues and of pull requests: filters, search, pages."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.domain.checks.results import results_at
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.numbers import number_in
from bot.simulator.pages.paging import page_of
from bot.simulator.pages.rendering import page
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Label
from bot.simulator.rest.scope import AtRepository, Here

router = pages_router()

SORTS = {
    "newest": "Newest",
    "oldest": "Oldest",
    "updated": "Recently updated",
    "comments": "Most commented",
}


@dataclass(frozen=True)
class Wish:
    """What the address asks for. `label` may be given several times; all must be there."""

    text: str
    state: str
    labels: tuple[str, ...]
    author: str
    assignee: str
    milestone: int | None
    sort: str

    @property
    def narrowed(self) -> bool:
        return any((self.text, self.labels, self.author, self.assignee, self.milestone))


@dataclass(frozen=True)
class Row:
    issue: Issue
    author: Account | None
    labels: list[Label]
    comments: int
    assignees: list[Account]
    pull: PullRequest | None
    outcome: str
    """Of the checks of a pull request; empty where nothing has checked it."""


def wish_of(request: Request) -> Wish:
    """Words like `label:bug` or `is:closed` in the search text count as their fields do."""
    asked = request.query_params
    fields: dict[str, list[str]] = {"label": asked.getlist("label"), "state": [], "is": []}
    words = []
    for word in asked.get("q", "")[:500].split():
        key, colon, value = word.partition(":")
        if colon and key in ("label", "author", "assignee", "state", "is"):
            fields.setdefault(key, []).append(value.strip('"'))
        else:
            words.append(word.lower())
    state = [v for v in (*fields["is"], *fields["state"]) if v in ("open", "closed", "all")]
    return Wish(
        " ".join(words),
        (state or [asked.get("state", "open")])[-1],
        tuple(label for label in fields["label"] if label),
        (fields.get("author") or [asked.get("author", "")])[-1],
        (fields.get("assignee") or [asked.get("assignee", "")])[-1],
        number_in(asked.get("milestone", "")),
        asked.get("sort", "newest"),
    )


@router.get("/{owner}/{repo}/issues")
async def issues(here: AtRepository) -> Response:
    return _list(here, pulls=False)


@router.get("/{owner}/{repo}/pulls")
async def pulls(here: AtRepository) -> Response:
    return _list(here, pulls=True)


def _list(here: Here, *, pulls: bool) -> Response:
    wish = wish_of(here.request)
    kept = [
        issue
        for issue in here.tables.issues.where("repository", here.repository.id)
        if (issue.pull_id is not None) == pulls and _matches(here, issue, wish)
    ]
    shown = [i for i in kept if wish.state == "all" or i.state == wish.state]
    found = page_of(here.request, _sorted(here, shown, wish.sort))
    return page(
        here.request,
        "issues/list.html",
        repository=here.repository,
        pulls=pulls,
        wish=wish,
        milestone=here.tables.milestones.one("number", (here.repository.id, wish.milestone)),
        sorts=SORTS,
        counts={s: sum(i.state == s for i in kept) for s in ("open", "closed")},
        found=found,
        rows=[_row(here, issue) for issue in found.rows],
        labels=sorted(
            here.tables.labels.where("repository", here.repository.id),
            key=lambda label: label.name.lower(),
        ),
    )


def _matches(here: Here, issue: Issue, wish: Wish) -> bool:
    if not wish.narrowed:
        return True
    tables = here.tables
    if wish.milestone and not _is_under(here, issue, wish.milestone):
        return False
    if wish.author and not _is(tables.accounts.get(issue.author_id), wish.author):
        return False
    if wish.assignee and not any(
        _is(tables.accounts.get(id), wish.assignee) for id in issue.assignee_ids
    ):
        return False
    for name in wish.labels:
        label = tables.labels.one("name", (here.repository.id, name.lower()))
        if label is None or label.id not in issue.label_ids:
            return False
    text = f"{issue.title}\n{issue.body or ''}\n#{issue.number}".lower()
    return all(word in text for word in wish.text.split())


def _is_under(here: Here, issue: Issue, number: int) -> bool:
    milestone = here.tables.milestones.get(issue.milestone_id)
    return milestone is not None and milestone.number == number


def _is(account: Account | None, login: str) -> bool:
    return account is not None and account.login.lower() == login.lower()


def _sorted(here: Here, found: list[Issue], sort: str) -> list[Issue]:
    match sort:
        case "oldest":
            return sorted(found, key=lambda issue: issue.number)
        case "updated":
            return sorted(found, key=lambda i: (i.updated_at, i.number), reverse=True)
        case "comments":
            count = here.tables.comments.count
            return sorted(found, key=lambda i: (count("issue", i.id), i.number), reverse=True)
        case _:
            return sorted(found, key=lambda issue: issue.number, reverse=True)


def _row(here: Here, issue: Issue) -> Row:
    tables = here.tables
    pull = tables.pulls.get(issue.pull_id)
    return Row(
        issue,
        tables.accounts.get(issue.author_id),
        [label for id in issue.label_ids if (label := tables.labels.get(id))],
        tables.comments.count("issue", issue.id),
        [account for id in issue.assignee_ids if (account := tables.accounts.get(id))],
        pull,
        "" if pull is None or issue.state == "closed" else _outcome(here, pull),
    )


def _outcome(here: Here, pull: PullRequest) -> str:
    found = {result.outcome for result in results_at(here.world, here.repository, pull.head_sha)}
    return next((word for word in ("failure", "pending", "success") if word in found), "")
