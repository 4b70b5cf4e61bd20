"""Branches."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.simulator.domain.repositories.branch_rules import rules_for
from bot.simulator.git import Commit
from bot.simulator.records.repositories import Repository
from bot.simulator.views.commits import commit_view
from bot.simulator.world import World


def branch_view(world: World, repository: Repository, name: str, sha: str) -> dict[str, Any]:
    """As lists show it."""
    api = world.urls.repository(world.full_name(repository))
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{api}/commits/{sha}"},
        "protected": bool(rules_for(world, repository, name)),
    }


def listed_branch_view(world: World, repository: Repository, name: str, sha: str) -> dict[str, Any]:
    """With the protection, where there is one."""
    view = branch_view(world, repository, name, sha)
    if not view["protected"]:
        return view
    return view | {
        "protection": _protection(world, repository, name),
        "protection_url": _protection_url(world, repository, name),
    }


def whole_branch_view(
    world: World, repository: Repository, name: str, tip: Commit
) -> dict[str, Any]:
    """As `GET /branches/{branch}` shows it."""
    full_name = world.full_name(repository)
    return branch_view(world, repository, name, tip.sha) | {
        "commit": commit_view(world, repository, tip),
        "_links": {
            "self": f"{world.urls.repository(full_name)}/branches/{quote(name)}",
            "html": world.urls.page(full_name, "tree", name),
        },
        "protection": _protection(world, repository, name),
        "protection_url": _protection_url(world, repository, name),
    }


def _protection(world: World, repository: Repository, name: str) -> dict[str, Any]:
    rules = rules_for(world, repository, name)
    checks = [check for rule in rules for check in rule.checks]
    return {
        "enabled": bool(rules),
        "required_status_checks": {
            "enforcement_level": "non_admins" if checks else "off",
            "contexts": [check.context for check in checks],
            "checks": [{"context": c.context, "app_id": c.app_id} for c in checks],
        },
    }


def _protection_url(world: World, repository: Repository, name: str) -> str:
    api = world.urls.repository(world.full_name(repository))
    return f"{api}/branches/{quote(name)}/protection"
