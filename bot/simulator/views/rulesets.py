"""Rulesets and the rules they put on branches."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import stamp
from bot.simulator.domain.repositories.branch_rules import bypass_mode
from bot.simulator.identity.caller import Caller
from bot.simulator.nodes import node_id
from bot.simulator.records.repositories import Ruleset
from bot.simulator.world import World

BYPASS = {"always": "always", "pull_request": "pull_requests_only", "exempt": "exempt"}


def ruleset_view(world: World, ruleset: Ruleset) -> dict[str, Any]:
    """As lists show it."""
    full_name = world.full_name(world.tables.repositories[ruleset.repository_id])
    url = f"{world.urls.repository(full_name)}/rulesets/{ruleset.id}"
    return {
        "id": ruleset.id,
        "name": ruleset.name,
        "target": ruleset.target,
        "source_type": "Repository",
        "source": full_name,
        "enforcement": ruleset.enforcement,
        "node_id": node_id("RepositoryRuleset", ruleset.id),
        "created_at": stamp(ruleset.created_at),
        "updated_at": stamp(ruleset.updated_at),
        "_links": {
            "self": {"href": url},
            "html": {"href": world.urls.page(full_name, "rules", ruleset.id)},
        },
    }


def whole_ruleset_view(
    world: World, ruleset: Ruleset, caller: Caller, *, may_change: bool
) -> dict[str, Any]:
    """Who may get round it is shown to those alone who may change it."""
    repository = world.tables.repositories[ruleset.repository_id]
    mode = bypass_mode(world, repository, ruleset, caller)
    view = ruleset_view(world, ruleset) | {
        "conditions": None,
        "rules": ruleset.rules,
        "current_user_can_bypass": "never" if mode is None else BYPASS[mode],
    }
    if ruleset.target != "push":
        names = {"include": ruleset.include, "exclude": ruleset.exclude}
        view["conditions"] = {"ref_name": names}
    if may_change:
        view["bypass_actors"] = ruleset.bypass_actors
    return view


def branch_rule_view(world: World, ruleset: Ruleset, rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as it stands on a branch."""
    full_name = world.full_name(world.tables.repositories[ruleset.repository_id])
    return rule | {
        "ruleset_source_type": "Repository",
        "ruleset_source": full_name,
        "ruleset_id": ruleset.id,
    }
