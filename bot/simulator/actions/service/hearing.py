"""From an event of the simulator to what may start workflows: commit, ref, filters, trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.simulator.actions.service.records import Cause
from bot.simulator.actions.service.tokens import ACTIONS
from bot.simulator.actions.workflow.triggers import Event as Trigger
from bot.simulator.events import Event
from bot.simulator.git import NULL_SHA
from bot.simulator.identity.rights import role_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import ROLES, Repository
from bot.simulator.world import World

HEADS, TAGS = "refs/heads/", "refs/tags/"
DEFAULT_BRANCH = frozenset(
    {
        *("branch_protection_rule", "check_run", "check_suite", "delete", "fork", "issue_comment"),
        *("issues", "label", "milestone", "public", "repository_dispatch", "status", "watch"),
        *("workflow_run",),
    }
)
"""Events whose workflows are read at the tip of the default branch."""
ON_PULLS = frozenset({"pull_request", "pull_request_review", "pull_request_review_comment"})
APPROVABLE = frozenset({"opened", "synchronize", "reopened"})
LONGEST_CHAIN = 3
"""A run may start a run that starts a run, and no further."""
MOST_COMMITS = 2048


@dataclass(frozen=True)
class Occasion:
    """An event that may start runs. `compared`: base and head of which the changed paths are
    asked only if a workflow filters by paths."""

    repository: Repository
    cause: Cause
    trigger: Trigger
    compared: tuple[str, str] | None = None
    pushed_branch: str = ""


def occasion_of(world: World, event: Event) -> Occasion | None:
    """None for what starts nothing. Looks at the state as it is at the time of the event."""
    repository, actor = event.repository, event.caller.actor
    if repository is None or actor is None or not repository.actions_enabled:
        return None
    if world.faults.wants("event_refused", event.name):
        return None
    if event.name in ON_PULLS:
        return _of_pull(world, event, repository, actor)
    if event.caller.is_actions and event.name != "repository_dispatch":
        return None
    if event.name == "push":
        return _of_push(event, repository, actor)
    if event.name == "create":
        return _of_creation(world, event, repository, actor)
    if event.name in DEFAULT_BRANCH and not _is_own_check(event):
        return _of_default_branch(world, event, repository, actor)
    return None


def _of_push(event: Event, repository: Repository, actor: Account) -> Occasion | None:
    payload = event.payload
    ref, sha = payload["ref"], payload["after"]
    if sha == NULL_SHA or payload["head_commit"] is None:
        return None
    message = payload["head_commit"]["message"]
    branch = ref.removeprefix(HEADS) if ref.startswith(HEADS) else ""
    cause = Cause(
        **_common(event, actor),
        ref=ref,
        sha=payload["head_commit"]["id"],
        head_sha=payload["head_commit"]["id"],
        head_branch=branch or ref.removeprefix(TAGS),
        title=_first_line(message),
    )
    trigger = Trigger("push", None, ref, _pushed_paths(payload), message=message)
    return Occasion(repository, cause, trigger, pushed_branch=branch)


def _pushed_paths(payload: Mapping[str, Any]) -> tuple[str, ...] | None:
    """None where they are not known: a new branch without new commits, or too many commits."""
    commits = payload["commits"]
    if not commits or len(commits) >= MOST_COMMITS:
        return None
    kinds = ("added", "removed", "modified")
    return tuple({path for commit in commits for kind in kinds for path in commit[kind]})


def _of_creation(
    world: World, event: Event, repository: Repository, actor: Account
) -> Occasion | None:
    prefix = HEADS if event.payload["ref_type"] == "branch" else TAGS
    ref = prefix + event.payload["ref"]
    sha = world.git(repository).ref(ref)
    if sha is None:
        return None
    cause = Cause(
        **_common(event, actor),
        ref=ref,
        sha=sha,
        head_sha=sha,
        head_branch=event.payload["ref"],
    )
    return Occasion(repository, cause, Trigger("create", None, ref))


def _of_default_branch(
    world: World, event: Event, repository: Repository, actor: Account
) -> Occasion | None:
    branch = repository.default_branch
    sha = world.git(repository).ref(HEADS + branch)
    if sha is None or (event.name == "workflow_run" and _chain(world, event) > LONGEST_CHAIN):
        return None
    run = event.payload.get("workflow_run") or {}
    ref = f"{HEADS}{run.get('head_branch') or branch}" if run else HEADS + branch
    cause = Cause(
        **_common(event, actor),
        ref=HEADS + branch,
        sha=sha,
        head_sha=sha,
        head_branch=branch,
        title=_title(event),
    )
    trigger = Trigger(event.name, event.action, ref, workflow=str(run.get("name", "")))
    return Occasion(repository, cause, trigger)


def _of_pull(world: World, event: Event, repository: Repository, actor: Account) -> Occasion | None:
    """By the test merge; there is none, and no run, while the branches conflict."""
    number = event.payload.get("number") or event.payload["pull_request"]["number"]
    pull = world.tables.pulls.one("number", (repository.id, number))
    if pull is None or (pull.mergeable is False and event.action != "closed"):
        return None
    by_actions = event.caller.is_actions
    if by_actions and (event.name != "pull_request" or event.action not in APPROVABLE):
        return None
    ref = f"refs/pull/{pull.number}/merge"
    sha = world.git(repository).ref(ref) or pull.head_sha
    outside = pull.head_repository_id != repository.id
    held = world.faults.wants("approval_required", event.name) is not None
    cause = Cause(
        **_common(event, actor),
        ref=ref,
        sha=sha,
        head_sha=pull.head_sha,
        head_branch=pull.head_ref,
        head_repository_id=pull.head_repository_id,
        base_ref=pull.base_ref,
        head_ref=pull.head_ref,
        title=world.tables.issues[pull.issue_id].title,
        pull_ids=() if outside else (pull.id,),
        trusted=not outside,
        needs_approval=held
        or by_actions
        or (outside and not _is_known(world, repository, pull, actor)),
    )
    trigger = Trigger(event.name, event.action, HEADS + pull.base_ref)
    return Occasion(repository, cause, trigger, compared=(pull.base_sha, pull.head_sha))


def _is_known(world: World, repository: Repository, pull: PullRequest, actor: Account) -> bool:
    """Whoever may write, or had a pull request merged here before, needs nobody's approval."""
    role = role_of(world.tables, actor.id, repository)
    if role is not None and ROLES.index(role) >= ROLES.index("write"):
        return True
    author = world.tables.issues[pull.issue_id].author_id
    return any(
        other.merged and world.tables.issues[other.issue_id].author_id == author
        for other in world.tables.pulls.where("repository", repository.id)
    )


def _is_own_check(event: Event) -> bool:
    """Checks of Actions start nothing, lest a run start itself."""
    check = event.payload.get(event.name)
    if event.name not in ("check_run", "check_suite") or not isinstance(check, dict):
        return False
    return bool((check.get("app") or {}).get("slug") == ACTIONS)


def _chain(world: World, event: Event) -> int:
    """How many runs stand before the one that would be started."""
    length, payload = 1, event.payload
    while length <= LONGEST_CHAIN:
        run = world.tables.runs.get(payload["workflow_run"]["id"])
        if run is None or run.event != "workflow_run":
            break
        length, payload = length + 1, run.payload
    return length


def _common(event: Event, actor: Account) -> dict[str, Any]:
    return {"event": event.name, "payload": event.payload, "actor": actor}


def _title(event: Event) -> str:
    issue = event.payload.get("issue")
    if isinstance(issue, dict):
        return str(issue["title"])
    return str(event.action or "") if event.name == "repository_dispatch" else ""


def _first_line(message: str) -> str:
    return message.split("\n", 1)[0]
