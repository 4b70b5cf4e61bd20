"""Opening pull requests."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.domain.issues.issues import add_issue, check_texts
from bot.simulator.domain.issues.references import note_references
from bot.simulator.domain.pulls.events import tell_pull
from bot.simulator.domain.repositories.comparing import (
    Comparison,
    compare,
    keep_refs,
    note_comparison,
)
from bot.simulator.domain.repositories.networks import members_of
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError, invalid
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import has_permission, has_role
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


@dataclass(frozen=True)
class Proposal:
    """`head` is `branch` or `owner:branch`; `head_repo` names a repository of that owner."""

    base: str
    head: str
    head_repo: str = ""
    title: str | None = None
    body: str | None = None
    issue: int | None = None
    """The number of an issue that becomes the pull request, with its title and body."""
    draft: bool = False
    maintainer_can_modify: bool = True


@dataclass(frozen=True)
class Head:
    """The branch that is proposed."""

    repository: Repository
    branch: str


async def open_pull(
    world: World, caller: Caller, repository: Repository, proposal: Proposal
) -> PullRequest:
    """Raises ApiError: 403 for a GITHUB_TOKEN that may not, 422 for what cannot be proposed."""
    refuse_actions(caller, repository)
    check_texts("PullRequest", proposal.title, proposal.body)
    _issue_to_turn(world, repository, proposal)
    if proposal.draft:
        refuse_drafts(world, repository)
    head = _head(world, caller, repository, proposal)
    async with writing(world, head.repository, repository):
        found = await _proposed(world, repository, head, proposal.base)
        # Meanwhile it could have become another pull request.
        issue = _issue_to_turn(world, repository, proposal)
        if issue is None:
            title = proposal.title or ""
            issue = add_issue(world, caller, repository, title, proposal.body)
        pull = _record(world, repository, issue, proposal, head, found)
        await keep_refs(world.git(repository), issue.number, found)
        note_references(world, caller, repository, issue, issue.body)
        tell_pull(world, "opened", caller, repository, pull)
    return pull


def refuse_actions(caller: Caller, repository: Repository) -> None:
    """Whether workflows may create and approve pull requests is a setting."""
    if caller.is_actions and not repository.workflows_approve_pulls:
        raise ApiError(403, "GitHub Actions is not permitted to create or approve pull requests.")


def refuse_drafts(world: World, repository: Repository) -> None:
    """Raises ApiError 422 where the plan of the owner has no drafts."""
    if world.options.free_plan and repository.private:
        raise ApiError(422, "Draft pull requests are not supported in this repository.")


def _issue_to_turn(world: World, repository: Repository, proposal: Proposal) -> Issue | None:
    if proposal.issue is None:
        if proposal.title is None:
            raise invalid("PullRequest", "title", "missing_field")
        return None
    issue = world.tables.issues.one("number", (repository.id, proposal.issue))
    if issue is None or issue.pull_id is not None or issue.state == "closed":
        raise invalid("PullRequest", "issue", "invalid")
    return issue


def _head(world: World, caller: Caller, repository: Repository, proposal: Proposal) -> Head:
    owner, colon, branch = proposal.head.partition(":")
    found: Repository | None = repository
    if colon:
        found = _in_network(world, repository, owner, proposal.head_repo)
    else:
        branch = proposal.head
    if found is None or world.git(found).ref(f"refs/heads/{branch}") is None:
        raise invalid("PullRequest", "head")
    if not _may_propose(world, caller, found):
        raise custom("must be a collaborator")
    return Head(found, branch)


def _in_network(world: World, repository: Repository, owner: str, name: str) -> Repository | None:
    """The owner's repository among this one, its forks and what it is a fork of."""
    account = world.tables.accounts.one("login", owner.lower())
    if account is None:
        return None
    if account.id == repository.owner_id and not name:
        return repository
    wanted = name.rpartition("/")[2].lower()
    for found in members_of(world, repository):
        if found.owner_id == account.id and wanted in ("", found.name.lower()):
            return found
    return None


def _may_propose(world: World, caller: Caller, head: Repository) -> bool:
    """People need write access to the branch; an App its permission, asked for elsewhere."""
    if caller.is_bot:
        return has_permission(caller, head, "contents", "read") or not head.private
    return has_role(world.tables, caller, head, "write")


async def _proposed(world: World, repository: Repository, head: Head, base: str) -> Comparison:
    """What is proposed, its commits brought into this repository."""
    git, source = world.git(repository), world.git(head.repository)
    base_sha = git.ref(f"refs/heads/{base}")
    head_sha = source.ref(f"refs/heads/{head.branch}")
    if base_sha is None:
        raise invalid("PullRequest", "base")
    if head_sha is None:
        raise invalid("PullRequest", "head")
    await git.bring(source, head_sha)
    label, base_label = head.branch, base
    if head.repository.id != repository.id:
        label = f"{world.owner(head.repository).login}:{head.branch}"
        base_label = f"{world.owner(repository).login}:{base}"
    if await git.is_ancestor(head_sha, base_sha):
        raise custom(f"No commits between {base_label} and {label}")
    if await git.merge_base(base_sha, head_sha) is None:
        raise custom(f"The {label} branch has no history in common with {base_label}")
    found = await compare(git, base_sha, head_sha)
    if open_between(world, repository, head.repository, head.branch, base) is not None:
        owner = world.owner(head.repository).login
        raise custom(f"A pull request already exists for {owner}:{head.branch}.")
    return found


def open_between(
    world: World, repository: Repository, head: Repository, branch: str, base: str
) -> PullRequest | None:
    """The open pull request from that branch into `base`."""
    for pull in world.tables.pulls.where("head", (head.id, branch)):
        same = pull.repository_id == repository.id and pull.base_ref == base
        if same and world.tables.issues[pull.issue_id].state == "open":
            return pull
    return None


def custom(message: str) -> ApiError:
    """422 in words, on no field in particular."""
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    return ApiError(422, "Validation Failed", [error])


def _record(
    world: World,
    repository: Repository,
    issue: Issue,
    proposal: Proposal,
    head: Head,
    found: Comparison,
) -> PullRequest:
    now = world.clock.now()
    cross = head.repository.id != repository.id
    pull = PullRequest(
        id=world.tables.next_id(),
        repository_id=repository.id,
        issue_id=issue.id,
        number=issue.number,
        head_repository_id=head.repository.id,
        head_ref=head.branch,
        head_sha=found.head,
        base_ref=proposal.base,
        base_sha=found.base,
        compared_sha=found.base,
        draft=proposal.draft,
        maintainer_can_modify=cross and proposal.maintainer_can_modify,
        created_at=now,
    )
    issue.pull_id = pull.id
    issue.updated_at = now
    world.tables.issues.save(issue)
    note_comparison(world, pull, found)
    return pull
