"""GITHUB_TOKEN: an installation token of the App github-actions, for one job."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from bot.simulator.actions.workflow.model import Level as WorkflowLevel
from bot.simulator.actions.workflow.model import Permissions
from bot.simulator.actions.workflow.permissions import NOTHING, SCOPES, everything
from bot.simulator.records.accounts import Level, Token
from bot.simulator.records.actions import Run
from bot.simulator.records.apps import App, Installation
from bot.simulator.records.repositories import Repository
from bot.simulator.seed import install
from bot.simulator.world import World

ACTIONS = "github-actions"
LIFE = timedelta(hours=24)
NO_API = frozenset({"id-token", "models", "code-quality", "artifact-metadata"})
"""Scopes that are no permission of the REST API here."""
RESTRICTED: Permissions = {**NOTHING, "contents": "read", "packages": "read"}
PERMISSIVE: Permissions = {**everything("write"), "id-token": "none", "models": "none"}


def actions_app(world: World) -> App:
    app = world.tables.apps.one("slug", ACTIONS)
    assert app is not None
    return app


def default_permissions(repository: Repository, *, trusted: bool) -> Permissions:
    """Of a workflow that does not say. A fork's can only read, whatever it says."""
    wanted = PERMISSIVE if repository.workflow_permissions == "write" else RESTRICTED
    return wanted if trusted else reading(wanted)


def reading(permissions: Permissions) -> Permissions:
    return {scope: _read(scope, level) for scope, level in permissions.items()}


def _read(scope: str, level: WorkflowLevel) -> WorkflowLevel:
    if level == "write":
        return "none" if scope == "id-token" else "read"
    return level


def api_permissions(permissions: Permissions) -> dict[str, Level]:
    """In the names of Apps' permissions: `pull_requests` for `pull-requests`."""
    granted: Mapping[str, str] = {s: permissions.get(s, "none") for s in SCOPES if s not in NO_API}
    found: dict[str, Level] = {"metadata": "read"}
    for scope, level in granted.items():
        if level != "none":
            found[scope.replace("-", "_")] = "write" if level == "write" else "read"
    return found


def mint_token(world: World, repository: Repository, run: Run, permissions: Permissions) -> Token:
    app = actions_app(world)
    now = world.clock.now()
    token = Token(
        id=world.tables.next_id(),
        kind="actions",
        value=f"ghs_{app.id}_{secrets.token_urlsafe(48)}",
        account_id=app.bot_id,
        installation_id=_installation(world, app, repository).id,
        permissions=api_permissions(permissions),
        repository_ids=[repository.id],
        selected=True,
        expires_at=now + LIFE,
        run_id=run.id,
        created_at=now,
    )
    return world.tables.tokens.add(token)


def _installation(world: World, app: App, repository: Repository) -> Installation:
    """Actions are everywhere; the owner of a fork may not have met them yet."""
    return install(world, app.slug, world.owner(repository), world.clock.now())
