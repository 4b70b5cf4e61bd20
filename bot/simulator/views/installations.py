"""Installations of Apps."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.simulator.clock import maybe_stamp, stamp
from bot.simulator.nodes import node_id
from bot.simulator.records.apps import Installation
from bot.simulator.records.repositories import Repository
from bot.simulator.views.accounts import account_view, maybe_account_view
from bot.simulator.world import World


def installation_view(world: World, installation: Installation) -> dict[str, Any]:
    app = world.tables.apps[installation.app_id]
    account = world.tables.accounts[installation.account_id]
    settings = "settings"
    if account.type == "Organization":
        settings = f"organizations/{quote(account.login)}/settings"
    return {
        "id": installation.id,
        "client_id": app.client_id,
        "account": account_view(world, account),
        "repository_selection": installation.repository_selection,
        "access_tokens_url": (
            f"{world.urls.api}/app/installations/{installation.id}/access_tokens"
        ),
        "repositories_url": f"{world.urls.api}/installation/repositories",
        "html_url": f"{world.urls.base}/{settings}/installations/{installation.id}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account.id,
        "target_type": account.type,
        "permissions": installation.permissions,
        "events": installation.events,
        "created_at": stamp(installation.created_at),
        "updated_at": stamp(installation.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": maybe_account_view(world, installation.suspended_by_id),
        "suspended_at": maybe_stamp(installation.suspended_at),
    }


def brief_repository_view(world: World, repository: Repository) -> dict[str, Any]:
    """As installation events name repositories."""
    return {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": world.full_name(repository),
        "private": repository.private,
    }
