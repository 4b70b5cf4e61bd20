"""Classic branch protection."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.simulator.clock import stamp
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


TOLD_CHANGES = (
    "admin_enforced",
    "authorized_actor_names",
    "authorized_actors_only",
    "linear_history_requirement_enforcement_level",
    "lock_branch_enforcement_level",
    "lock_allows_fork_sync",
    "pull_request_reviews_enforcement_level",
    "require_last_push_approval",
    "required_status_checks",
    "required_status_checks_enforcement_level",
)
"""Of these an edit tells what they were before."""


def protection_rule_view(protection: Protection) -> dict[str, Any]:
    """As the event `branch_protection_rule` shows it."""
    bound = "everyone" if protection.enforce_admins else "non_admins"

    def level(on: bool) -> str:
        return bound if on else "off"

    reviews = protection.required_reviews
    allowed = protection.push_restrictions
    return {
        "id": protection.id,
        "repository_id": protection.repository_id,
        "name": protection.branch,
        "created_at": stamp(protection.created_at),
        "updated_at": stamp(protection.updated_at),
        "pull_request_reviews_enforcement_level": level(reviews is not None),
        "required_approving_review_count": reviews or 0,
        "dismiss_stale_reviews_on_push": protection.dismiss_stale_reviews,
        "require_code_owner_review": protection.code_owner_reviews,
        "require_last_push_approval": protection.last_push_approval,
        "authorized_dismissal_actors_only": False,
        "ignore_approvals_from_contributors": False,
        "required_status_checks": protection.required_contexts or [],
        "required_status_checks_enforcement_level": level(protection.required_contexts is not None),
        "strict_required_status_checks_policy": protection.strict,
        "signature_requirement_enforcement_level": level(protection.signatures),
        "linear_history_requirement_enforcement_level": level(protection.linear_history),
        "lock_branch_enforcement_level": level(protection.locked),
        "lock_allows_fork_sync": protection.fork_syncing,
        "admin_enforced": protection.enforce_admins,
        "allow_force_pushes_enforcement_level": level(protection.allow_force_pushes),
        "allow_deletions_enforcement_level": level(protection.allow_deletions),
        "merge_queue_enforcement_level": "off",
        "required_deployments_enforcement_level": "off",
        "required_conversation_resolution_level": level(protection.conversation_resolution),
        "authorized_actors_only": allowed is not None,
        "authorized_actor_names": [name for names in (allowed or {}).values() for name in names],
        "create_protected": protection.block_creations,
    }
