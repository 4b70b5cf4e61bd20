"""What follows from a merge, whoever merged and how."""

from __future__ import annotations

from bot.simulator.domain.issues.closing import close_named
from bot.simulator.domain.issues.issues import close_issue
from bot.simulator.domain.issues.timeline import note
from bot.simulator.domain.pulls.states import issue_of
from bot.simulator.identity.caller import Caller
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def settle_merge(
    world: World, caller: Caller, repository: Repository, pull: PullRequest, sha: str
) -> None:
    """Marks the pull request merged by the commit `sha` and closes what it says it closes.

    Does nothing to one that is merged already.
    """
    if pull.merged:
        return
    assert caller.actor is not None
    pull.merged = True
    pull.merged_at = world.clock.now()
    pull.merged_by_id = caller.actor.id
    pull.merge_commit_sha = sha
    world.tables.pulls.save(pull)
    issue = issue_of(world, pull)
    note(world, issue, "merged", caller, commit_id=sha)
    close_issue(world, caller, repository, issue)
    if pull.base_ref == repository.default_branch:
        close_named(world, caller, repository, issue.body or "")
