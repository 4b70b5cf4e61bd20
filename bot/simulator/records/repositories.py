"""Repositories, who may do what in them, and their rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from bot.simulator.records.record import Record

Role = Literal["read", "triage", "write", "maintain", "admin"]
ROLES: tuple[Role, ...] = ("read", "triage", "write", "maintain", "admin")
"""From the weakest to the strongest."""


class Repository(Record):
    owner_id: int
    name: str
    description: str | None = None
    private: bool = False
    archived: bool = False
    fork_of_id: int | None = None
    default_branch: str = "main"
    topics: list[str] = []
    homepage: str | None = None
    language: str | None = None
    """What most of the default branch is written in."""
    has_issues: bool = True
    has_projects: bool = False
    has_wiki: bool = False
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    allow_auto_merge: bool = False
    allow_update_branch: bool = False
    delete_branch_on_merge: bool = False
    actions_enabled: bool = True
    workflow_permissions: Literal["read", "write"] = "read"
    """What GITHUB_TOKEN may do where a workflow does not say."""
    workflows_approve_pulls: bool = False
    auto_suites: dict[int, bool] = {}
    """Apps that were told apart from the rest: whether each push gives them a check suite."""
    next_number: int = 1
    """Issues and pull requests share their numbers."""
    known_refs: dict[str, str] = {}
    """Refs whose changes have had their events; differs from git only after a crash."""
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime


class FormerName(Record):
    """A name that a repository had once; it leads to the repository until it is taken anew."""

    owner_id: int
    name: str
    repository_id: int


class Collaborator(Record):
    repository_id: int
    account_id: int
    role: Role


class Label(Record):
    repository_id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False


class Milestone(Record):
    repository_id: int
    number: int
    title: str
    description: str | None = None
    state: Literal["open", "closed"] = "open"
    creator_id: int
    due_on: datetime | None = None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None


class Protection(Record):
    """Classic branch protection of one branch."""

    repository_id: int
    branch: str
    required_contexts: list[str] | None = None
    """None: no status checks are required."""
    check_apps: dict[str, int] = {}
    """Contexts that only this App's checks satisfy."""
    strict: bool = False
    required_reviews: int | None = None
    """None: no pull request is required."""
    dismiss_stale_reviews: bool = False
    code_owner_reviews: bool = False
    enforce_admins: bool = False
    linear_history: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    conversation_resolution: bool = False
    last_push_approval: bool = False
    signatures: bool = False
    """Kept and shown, not enforced: nobody's key is known here."""
    locked: bool = False
    block_creations: bool = False
    fork_syncing: bool = False
    created_at: datetime
    updated_at: datetime
    push_restrictions: dict[str, list[str]] | None = None
    """None: everybody with write; else logins and slugs under users, teams, apps."""


class Ruleset(Record):
    repository_id: int
    name: str
    target: Literal["branch", "tag", "push"] = "branch"
    enforcement: Literal["disabled", "active", "evaluate"] = "active"
    include: list[str] = []
    exclude: list[str] = []
    rules: list[dict[str, Any]] = []
    """As in the REST body: `{"type": ..., "parameters": {...}}`."""
    bypass_actors: list[dict[str, Any]] = []
    created_at: datetime
    updated_at: datetime
