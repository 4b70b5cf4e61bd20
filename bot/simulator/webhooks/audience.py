"""Who hears of an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.simulator.events import Event
from bot.simulator.identity.rights import covers
from bot.simulator.records.apps import Hook, Installation
from bot.simulator.records.repositories import Repository
from bot.simulator.state.tables import Tables

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "branch_protection_rule": ("administration",),
    "check_run": ("checks",),
    "check_suite": ("checks",),
    "commit_comment": ("contents",),
    "create": ("contents",),
    "delete": ("contents",),
    "fork": ("contents",),
    "issue_comment": ("issues", "pull_requests"),
    "issue_dependencies": ("issues",),
    "issues": ("issues",),
    "member": ("members",),
    "milestone": ("issues", "pull_requests"),
    "pull_request": ("pull_requests",),
    "pull_request_review": ("pull_requests",),
    "pull_request_review_comment": ("pull_requests",),
    "pull_request_review_thread": ("pull_requests",),
    "push": ("contents",),
    "repository_dispatch": ("contents",),
    "repository_ruleset": ("administration",),
    "status": ("statuses",),
    "sub_issues": ("issues",),
    "workflow_dispatch": ("contents",),
    "workflow_job": ("actions",),
    "workflow_run": ("actions",),
}
"""What an App must be allowed to read to hear of it, one of them; metadata for all others."""

TO_THEIR_APP = {
    ("check_run", "rerequested"),
    ("check_run", "requested_action"),
    ("check_suite", "requested"),
    ("check_suite", "rerequested"),
}
"""Told to the App whose check it is, and to nobody else."""

UNASKED = {"installation", "installation_repositories", "github_app_authorization"}
"""Every App hears of these; nobody can subscribe to them."""

FOR_APPS = {"repository_dispatch", "workflow_dispatch"}
"""No hook of a repository hears of these."""


@dataclass(frozen=True)
class Recipient:
    """A hook, and through which installation an App's hook hears of it."""

    hook: Hook
    installation: Installation | None = None


def audience(tables: Tables, event: Event) -> list[Recipient]:
    """The hooks that are active, have an address and are to hear of this."""
    found = [*_apps(tables, event), *_repository_hooks(tables, event)]
    return [r for r in found if r.hook.active and r.hook.url]


def _apps(tables: Tables, event: Event) -> Iterator[Recipient]:
    for installation in _installations(tables, event):
        for hook in tables.hooks.where("app", installation.app_id):
            yield Recipient(hook, installation)


def _installations(tables: Tables, event: Event) -> list[Installation]:
    if event.installation_id is not None:
        named = tables.installations.get(event.installation_id)
        return [] if named is None else [named]
    if event.repository is None or event.name in UNASKED:
        return []
    there = tables.installations.where("account", event.repository.owner_id)
    return [i for i in there if hears(i, event, event.repository)]


def hears(installation: Installation, event: Event, repository: Repository) -> bool:
    """Whether the installation covers the repository, subscribes, and may know of it."""
    if installation.suspended_at is not None or event.name not in installation.events:
        return False
    if not covers(installation, repository):
        return False
    if (event.name, event.action) in TO_THEIR_APP and _app_of(event) != installation.app_id:
        return False
    needed = PERMISSIONS.get(event.name, ())
    return not needed or any(name in installation.permissions for name in needed)


def _app_of(event: Event) -> object:
    check = event.payload.get(event.name, {})
    return (check.get("app") or {}).get("id")


def _repository_hooks(tables: Tables, event: Event) -> Iterator[Recipient]:
    if event.repository is None or (event.name, event.action) in TO_THEIR_APP:
        return
    if event.installation_id is not None or event.name in UNASKED | FOR_APPS:
        return
    for hook in tables.hooks.where("repository", event.repository.id):
        if "*" in hook.events or event.name in hook.events:
            yield Recipient(hook)
