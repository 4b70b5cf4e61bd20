"""What every page of a pull request shows: its head line, its merge box, its checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.simulator.domain.checks.results import latest_runs, latest_statuses, results_at
from bot.simulator.domain.issues.rights import is_author
from bot.simulator.domain.pulls.merge_state import deciding_reviews, merge_blockers, merge_state
from bot.simulator.domain.pulls.reviews import pending_of
from bot.simulator.domain.repositories.comparing import refresh
from bot.simulator.errors import not_found
from bot.simulator.identity.rights import can
from bot.simulator.pages.conversation.texts import may_act
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest, Review
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.issues.finding import issue_at
from bot.simulator.rest.scope import Here

STATES = {
    "behind": "The branch is behind its base.",
    "blocked": "Merging is blocked.",
    "clean": "This can be merged.",
    "dirty": "There are conflicts with the base branch.",
    "draft": "This is a draft.",
    "unknown": "Whether this can be merged is not known yet.",
    "unstable": "This can be merged, but not all checks passed.",
}


@dataclass(frozen=True)
class Overview:
    """`methods` are those the repository allows, each with what stands in its way."""

    issue: Issue
    pull: PullRequest
    state: str
    sentence: str
    methods: dict[str, list[str]]
    outcomes: dict[str, int]
    verdicts: list[tuple[str, str]]
    """(login, state) of the reviews that count."""
    pending: Review | None
    """What the visitor has written of a review and not yet submitted."""
    may_merge: bool
    may_draft: bool
    may_update: bool
    may_delete_branch: bool

    @property
    def is_settling(self) -> bool:
        """Whether what stands in the merge box will soon be something else."""
        waits = "pending" in self.outcomes or self.pull.mergeable is None
        return waits and self.issue.state == "open"


async def overview_of(here: Here, number: int) -> Overview:
    """Raises:
    ApiError: 404 for what is no pull request.
    """
    issue = issue_at(here, number)
    pull = here.tables.pulls.get(issue.pull_id)
    if pull is None:
        raise not_found()
    await refresh(here.world, pull)
    state = merge_state(here.world, pull)
    return Overview(
        issue,
        pull,
        state,
        STATES.get(state, state),
        _methods(here, pull),
        _outcomes(here, pull),
        [
            (here.tables.accounts[review.author_id].login, review.state)
            for review in deciding_reviews(here.world, pull)
        ],
        pending=pending_of(here.world, here.caller, pull),
        **_rights(here, pull, issue),
    )


def _rights(here: Here, pull: PullRequest, issue: Issue) -> dict[str, bool]:
    """What the visitor may do now, as `Overview` names it."""
    source = here.tables.repositories.get(pull.head_repository_id)
    own = is_author(here.caller, issue.author_id)
    pushes = (
        source is not None
        and not source.archived
        and can(here.tables, here.caller, source, "contents", "write", "write")
    )
    tip = source and here.world.git(source).ref(f"refs/heads/{pull.head_ref}")
    outdated = pull.behind > 0 and issue.state == "open"
    return {
        "may_merge": may_act(here, "write", issue),
        "may_draft": may_act(here, "read" if own else "write", issue),
        "may_update": outdated and (pushes or _may_push_for_author(here, pull, source)),
        "may_delete_branch": pushes and issue.state == "closed" and tip == pull.head_sha,
    }


def _may_push_for_author(here: Here, pull: PullRequest, source: Repository | None) -> bool:
    """Whether the author of a fork lets those who may write here change the branch."""
    outside = source is not None and source.id != here.repository.id
    return outside and pull.maintainer_can_modify and may_act(here, "write")


def _methods(here: Here, pull: PullRequest) -> dict[str, list[str]]:
    repository = here.repository
    allowed = {
        "merge": repository.allow_merge_commit,
        "squash": repository.allow_squash_merge,
        "rebase": repository.allow_rebase_merge,
    }
    return {
        method: merge_blockers(here.world, pull, here.caller, method)
        for method, is_allowed in allowed.items()
        if is_allowed
    }


def _outcomes(here: Here, pull: PullRequest) -> dict[str, int]:
    """How many checks and statuses of the head have come out how."""
    results = results_at(here.world, here.repository, pull.head_sha)
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    return counts


def checks_at(here: Here, sha: str) -> dict[str, Any]:
    """The newest check runs and statuses of a commit."""
    key = (here.repository.id, sha)
    return {
        "runs": latest_runs(here.tables.check_runs.where("sha", key)),
        "statuses": latest_statuses(here.tables.statuses.where("sha", key)),
    }
