"""Whether a pull request may be merged, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator

from bot.simulator.domain.checks.results import results_at, unmet
from bot.simulator.domain.pulls.publicity import is_published
from bot.simulator.domain.repositories.branch_rules import BranchRules, rules_for
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import role_of
from bot.simulator.records.pulls import PullRequest, Review, ReviewThread
from bot.simulator.records.repositories import ROLES
from bot.simulator.world import World

DECIDING = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


def merge_state(world: World, pull: PullRequest) -> str:
    """The `mergeable_state`: clean, dirty, blocked, behind, unstable, draft or unknown."""
    issue = world.tables.issues[pull.issue_id]
    if issue.state == "closed" or pull.mergeable is None:
        return "unknown"
    if not pull.mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    repository = world.tables.repositories[pull.repository_id]
    rules = rules_for(world, repository, pull.base_ref)
    if any(True for each in rules for _ in _unmet_demands(world, pull, each)):
        return "blocked"
    if pull.behind and any(each.strict for each in rules):
        return "behind"
    results = results_at(world, repository, pull.head_sha)
    return "clean" if all(r.outcome == "success" for r in results) else "unstable"


def merge_blockers(world: World, pull: PullRequest, caller: Caller, method: str) -> list[str]:
    """GitHub's sentences for why this caller may not merge that way; empty if nothing is wrong."""
    repository = world.tables.repositories[pull.repository_id]
    said = []
    for rules in rules_for(world, repository, pull.base_ref, caller):
        broken = [*_unmet_demands(world, pull, rules), *_wrong_way(pull, rules, method)]
        if broken and rules.source == "ruleset":
            said.append("Repository rule violations found")
        said += broken
    return list(dict.fromkeys(said))


def _unmet_demands(world: World, pull: PullRequest, rules: BranchRules) -> Iterator[str]:
    yield from _unmet_reviews(world, pull, rules)
    repository = world.tables.repositories[pull.repository_id]
    results = results_at(world, repository, pull.head_sha) if rules.checks else []
    for required in rules.checks:
        lack = unmet(results, required)
        if lack is not None:
            yield f'Required status check "{required.context}" is {lack}.'
    if rules.conversation_resolution:
        threads = world.tables.threads.where("pull", pull.id)
        if any(not thread.resolved and _is_seen(world, thread) for thread in threads):
            yield "A conversation must be resolved before this pull request can be merged."


def _unmet_reviews(world: World, pull: PullRequest, rules: BranchRules) -> Iterator[str]:
    if rules.reviews is None:
        return
    last = deciding_reviews(world, pull)
    if any(review.state == "CHANGES_REQUESTED" for review in last):
        yield "Changes have been requested by reviewers with write access."
    approvals = [review for review in last if review.state == "APPROVED"]
    if rules.last_push_approval:
        approvals = [review for review in approvals if review.commit_id == pull.head_sha]
    if len(approvals) < rules.reviews:
        what = "review is" if rules.reviews == 1 else "reviews are"
        yield (
            f"At least {rules.reviews} approving {what} required by reviewers with write access."
        )


def _wrong_way(pull: PullRequest, rules: BranchRules, method: str) -> Iterator[str]:
    if rules.strict and pull.behind:
        yield "The head branch is not up to date with the base branch."
    if rules.linear_history and method == "merge":
        yield "This branch must not contain merge commits."
    elif method not in rules.merge_methods:
        yield f"This branch can't be merged by {method!r}."
    if rules.blocks_update and rules.source == "protection":
        yield "You're not authorized to push to this branch."


def deciding_reviews(world: World, pull: PullRequest) -> list[Review]:
    """The last verdict of each reviewer with write access."""
    author = world.tables.issues[pull.issue_id].author_id
    last: dict[int, Review] = {}
    verdicts = [r for r in world.tables.reviews.where("pull", pull.id) if r.state in DECIDING]
    for review in sorted(verdicts, key=submission):
        if review.author_id != author:
            last[review.author_id] = review
    return [review for review in last.values() if _may_write(world, pull, review.author_id)]


def submission(review: Review) -> tuple[bool, str, int]:
    """By what reviews are put in order: pending ones last."""
    at = review.submitted_at
    return at is None, "" if at is None else at.isoformat(), review.id


def _may_write(world: World, pull: PullRequest, account_id: int) -> bool:
    repository = world.tables.repositories[pull.repository_id]
    role = role_of(world.tables, account_id, repository)
    if role is not None:
        return ROLES.index(role) >= ROLES.index("write")
    return world.tables.accounts[account_id].type == "Bot"


def _is_seen(world: World, thread: ReviewThread) -> bool:
    comments = world.tables.review_comments.where("thread", thread.id)
    return any(is_published(world, comment) for comment in comments)
