"""Classic branch protection."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.simulator.records.repositories import Protection
from bot.simulator.views.accounts import account_view
from bot.simulator.views.apps import app_view
from bot.simulator.world import World


def protection_url(world: World, protection: Protection) -> str:
    repository = world.tables.repositories[protection.repository_id]
    url = world.urls.repository(world.full_name(repository))
    return f"{url}/branches/{quote(protection.branch)}/protection"


def protection_view(world: World, protection: Protection) -> dict[str, Any]:
    """The parts that are off are left out, where GitHub does so."""
    view: dict[str, Any] = {"url": protection_url(world, protection)}
    if protection.required_contexts is not None:
        view["required_status_checks"] = required_checks_view(world, protection)
    if protection.required_reviews is not None:
        view["required_pull_request_reviews"] = required_reviews_view(world, protection)
    if protection.push_restrictions is not None:
        view["restrictions"] = restrictions_view(world, protection)
    return view | {
        "required_signatures": signatures_view(world, protection),
        "enforce_admins": enforce_admins_view(world, protection),
        "required_linear_history": {"enabled": protection.linear_history},
        "allow_force_pushes": {"enabled": protection.allow_force_pushes},
        "allow_deletions": {"enabled": protection.allow_deletions},
        "block_creations": {"enabled": protection.block_creations},
        "required_conversation_resolution": {"enabled": protection.conversation_resolution},
        "lock_branch": {"enabled": protection.locked},
        "allow_fork_syncing": {"enabled": protection.fork_syncing},
    }


def required_checks_view(world: World, protection: Protection) -> dict[str, Any]:
    url = f"{protection_url(world, protection)}/required_status_checks"
    contexts = protection.required_contexts or []
    return {
        "url": url,
        "strict": protection.strict,
        "contexts": contexts,
        "contexts_url": f"{url}/contexts",
        "checks": [{"context": c, "app_id": protection.check_apps.get(c)} for c in contexts],
    }


def required_reviews_view(world: World, protection: Protection) -> dict[str, Any]:
    return {
        "url": f"{protection_url(world, protection)}/required_pull_request_reviews",
        "dismiss_stale_reviews": protection.dismiss_stale_reviews,
        "require_code_owner_reviews": protection.code_owner_reviews,
        "require_last_push_approval": protection.last_push_approval,
        "required_approving_review_count": protection.required_reviews,
    }


def enforce_admins_view(world: World, protection: Protection) -> dict[str, Any]:
    url = f"{protection_url(world, protection)}/enforce_admins"
    return {"url": url, "enabled": protection.enforce_admins}


def signatures_view(world: World, protection: Protection) -> dict[str, Any]:
    url = f"{protection_url(world, protection)}/required_signatures"
    return {"url": url, "enabled": protection.signatures}


def restrictions_view(world: World, protection: Protection) -> dict[str, Any]:
    url = f"{protection_url(world, protection)}/restrictions"
    allowed = protection.push_restrictions or {}
    people = [world.tables.accounts.one("login", name.lower()) for name in allowed.get("users", ())]
    apps = [world.tables.apps.one("slug", slug) for slug in allowed.get("apps", ())]
    return {
        "url": url,
        "users_url": f"{url}/users",
        "teams_url": f"{url}/teams",
        "apps_url": f"{url}/apps",
        "users": [account_view(world, person) for person in people if person is not None],
        "teams": [],
        "apps": [
            app_view(world, app) | {"description": app.description or ""}
            for app in apps
            if app is not None
        ],
    }
