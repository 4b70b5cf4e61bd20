"""Rulesets of a repository."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.repositories.branch_rules import rulesets_on
from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.repositories import Ruleset
from bot.simulator.rest.protection.rules import NewRuleset, RulesetEdit
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.rulesets import branch_rule_view, ruleset_view, whole_ruleset_view

router = router_for("rulesets")

REPO = "/repos/{owner}/{repo}"
RULESETS = REPO + "/rulesets"
PREFIXES = {"branch": "refs/heads/", "tag": "refs/tags/", "push": "refs/"}
NAMES = ("~DEFAULT_BRANCH", "~ALL")


@router.get(RULESETS)
async def list_rulesets(here: AtRepository) -> Response:
    here.require("metadata", "read")
    rulesets = here.tables.rulesets.where("repository", here.repository.id)
    if targets := here.request.query_params.get("targets"):
        rulesets = [ruleset for ruleset in rulesets if ruleset.target in targets.split(",")]
    return paginate(here.request, rulesets, lambda each: ruleset_view(here.world, each))


@router.post(RULESETS)
async def create_ruleset(here: AtRepository, body: NewRuleset) -> Response:
    here.require("administration", "write", role="admin")
    now = here.world.clock.now()
    ruleset = Ruleset(
        id=here.tables.next_id(),
        repository_id=here.repository.id,
        name=body.name,
        created_at=now,
        updated_at=now,
    )
    _change(here, ruleset, body)
    here.tables.rulesets.add(ruleset)
    _tell(here, "created", ruleset)
    return reply(_shown(here, ruleset), 201)


def _change(here: Here, ruleset: Ruleset, body: RulesetEdit) -> None:
    """Nothing is changed unless all of it can be.

    Raises:
        ApiError: 422.
    """
    target = body.target or ruleset.target
    names = None if body.conditions is None else body.conditions.ref_name
    patterns = [] if names is None else [*names.include, *names.exclude]
    for pattern in patterns:
        if pattern not in NAMES and not pattern.startswith(PREFIXES[target]):
            raise _refusal("Invalid target patterns: " + repr(pattern[:200]))
    if body.name is not None and _is_taken(here, ruleset, body.name):
        raise _refusal("Name must be unique")
    ruleset.name = body.name or ruleset.name
    ruleset.target = target
    ruleset.enforcement = body.enforcement or ruleset.enforcement
    if names is not None:
        ruleset.include, ruleset.exclude = names.include, names.exclude
    if body.rules is not None:
        ruleset.rules = [rule.model_dump(exclude_none=True) for rule in body.rules]
    if body.bypass_actors is not None:
        ruleset.bypass_actors = [actor.model_dump() for actor in body.bypass_actors]


def _tell(here: Here, action: str, ruleset: Ruleset, **extra: Any) -> None:
    shown = whole_ruleset_view(here.world, ruleset, here.caller, may_change=True)
    if shown["conditions"] is None:
        del shown["conditions"]
    tell(
        here.world,
        "repository_ruleset",
        action,
        here.caller,
        here.repository,
        repository_ruleset=shown,
        **extra,
    )


def _is_taken(here: Here, ruleset: Ruleset, name: str) -> bool:
    others = here.tables.rulesets.where("repository", here.repository.id)
    return any(other.id != ruleset.id and other.name == name for other in others)


def _refusal(reason: str) -> ApiError:
    return ApiError(422, "Validation Failed", [reason])


def _shown(here: Here, ruleset: Ruleset) -> dict[str, object]:
    may_change = here.can("administration", "write", "admin")
    return whole_ruleset_view(here.world, ruleset, here.caller, may_change=may_change)


def _ruleset_at(here: Here, id: int) -> Ruleset:
    here.require("metadata", "read")
    ruleset = here.tables.rulesets.get(id)
    if ruleset is None or ruleset.repository_id != here.repository.id:
        raise not_found()
    return ruleset


@router.get(RULESETS + "/{ruleset_id}")
async def get_ruleset(here: AtRepository, ruleset_id: int) -> Response:
    return reply(_shown(here, _ruleset_at(here, ruleset_id)))


@router.put(RULESETS + "/{ruleset_id}")
async def update_ruleset(here: AtRepository, ruleset_id: int, body: RulesetEdit) -> Response:
    ruleset = _ruleset_at(here, ruleset_id)
    here.require("administration", "write", role="admin")
    before = {"name": ruleset.name, "enforcement": ruleset.enforcement}
    _change(here, ruleset, body)
    ruleset.updated_at = here.world.clock.now()
    here.tables.rulesets.save(ruleset)
    changed = {key: {"from": old} for key, old in before.items() if getattr(ruleset, key) != old}
    _tell(here, "edited", ruleset, changes=changed)
    return reply(_shown(here, ruleset))


@router.delete(RULESETS + "/{ruleset_id}")
async def delete_ruleset(here: AtRepository, ruleset_id: int) -> Response:
    ruleset = _ruleset_at(here, ruleset_id)
    here.require("administration", "write", role="admin")
    _tell(here, "deleted", ruleset)
    here.tables.rulesets.remove(ruleset)
    return no_content()


@router.get(REPO + "/rules/branches/{branch:path}")
async def list_branch_rules(here: AtRepository, branch: str) -> Response:
    """Of the active rulesets; the branch need not exist."""
    here.require("metadata", "read")
    rules = [
        branch_rule_view(here.world, ruleset, rule)
        for ruleset in rulesets_on(here.world, here.repository, f"refs/heads/{branch}")
        for rule in ruleset.rules
    ]
    return paginate(here.request, rules, lambda rule: rule)
