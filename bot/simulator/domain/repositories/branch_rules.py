"""What is demanded on a branch, whether by classic protection or by a ruleset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.simulator.git.policy import matches
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import role_of
from bot.simulator.records.repositories import Protection, Repository, Role, Ruleset
from bot.simulator.world import World

METHODS = ("merge", "squash", "rebase")
ROLE_IDS: dict[int, Role] = {1: "read", 2: "maintain", 3: "triage", 4: "write", 5: "admin"}
"""How `bypass_actors` name the built-in roles."""


@dataclass(frozen=True)
class RequiredCheck:
    """`app_id`: only this App's check satisfies it."""

    context: str
    app_id: int | None = None


@dataclass(frozen=True)
class BranchRules:
    """The demands of one protection or ruleset. `reviews` is None where no pull request is
    required."""

    source: Literal["protection", "ruleset"]
    reviews: int | None = None
    dismiss_stale_reviews: bool = False
    last_push_approval: bool = False
    conversation_resolution: bool = False
    checks: tuple[RequiredCheck, ...] = ()
    strict: bool = False
    linear_history: bool = False
    blocks_force: bool = False
    blocks_deletion: bool = False
    blocks_creation: bool = False
    blocks_update: bool = False
    merge_methods: tuple[str, ...] = METHODS


def rules_for(
    world: World, repository: Repository, branch: str, caller: Caller | None = None
) -> list[BranchRules]:
    """All that is in force on a branch; with `caller`, only what binds this caller."""
    found = []
    protection = world.tables.protections.one("branch", (repository.id, branch))
    if protection is not None:
        found.append(of_protection(world, repository, protection, caller))
    for ruleset in rulesets_on(world, repository, f"refs/heads/{branch}"):
        if caller is None or bypass_mode(world, repository, ruleset, caller) is None:
            found.append(of_ruleset(ruleset))
    return found


def of_protection(
    world: World, repository: Repository, protection: Protection, caller: Caller | None = None
) -> BranchRules:
    """Administrators are let off most of it unless it includes them."""
    always = BranchRules(
        "protection",
        blocks_force=not protection.allow_force_pushes,
        blocks_deletion=not protection.allow_deletions,
    )
    if caller is not None and _let_off(world, repository, protection, caller):
        return always
    contexts = protection.required_contexts or []
    return replace(
        always,
        reviews=protection.required_reviews,
        dismiss_stale_reviews=protection.dismiss_stale_reviews,
        last_push_approval=protection.last_push_approval,
        conversation_resolution=protection.conversation_resolution,
        checks=tuple(RequiredCheck(c, protection.check_apps.get(c)) for c in contexts),
        strict=protection.strict,
        linear_history=protection.linear_history,
        blocks_update=protection.locked or not _may_push(protection, caller),
    )


def _let_off(world: World, repository: Repository, protection: Protection, caller: Caller) -> bool:
    if protection.enforce_admins or caller.actor is None or not caller.is_user:
        return False
    return role_of(world.tables, caller.actor.id, repository) == "admin"


def _may_push(protection: Protection, caller: Caller | None) -> bool:
    allowed = protection.push_restrictions
    if allowed is None or caller is None:
        return True
    if caller.app is not None:
        return caller.app.slug in allowed.get("apps", ())
    return caller.actor is not None and caller.actor.login in allowed.get("users", ())


def of_ruleset(ruleset: Ruleset) -> BranchRules:
    rules = BranchRules("ruleset")
    for rule in ruleset.rules:
        read = _READERS.get(rule["type"])
        if read is not None:
            rules = read(rules, rule.get("parameters") or {})
    return rules


def _pull_request(rules: BranchRules, given: dict[str, Any]) -> BranchRules:
    return replace(
        rules,
        reviews=given["required_approving_review_count"],
        dismiss_stale_reviews=given["dismiss_stale_reviews_on_push"],
        last_push_approval=given["require_last_push_approval"],
        conversation_resolution=given["required_review_thread_resolution"],
        merge_methods=tuple(given.get("allowed_merge_methods") or METHODS),
    )


def _checks(rules: BranchRules, given: dict[str, Any]) -> BranchRules:
    checks = tuple(
        RequiredCheck(check["context"], check.get("integration_id"))
        for check in given["required_status_checks"]
    )
    return replace(rules, checks=checks, strict=given["strict_required_status_checks_policy"])


_READERS: dict[str, Callable[[BranchRules, dict[str, Any]], BranchRules]] = {
    "creation": lambda rules, _: replace(rules, blocks_creation=True),
    "update": lambda rules, _: replace(rules, blocks_update=True),
    "deletion": lambda rules, _: replace(rules, blocks_deletion=True),
    "non_fast_forward": lambda rules, _: replace(rules, blocks_force=True),
    "required_linear_history": lambda rules, _: replace(rules, linear_history=True),
    "pull_request": _pull_request,
    "required_status_checks": _checks,
}
"""The rules that the simulator enforces; others are kept and shown."""


def rulesets_on(world: World, repository: Repository, ref: str) -> list[Ruleset]:
    """The active rulesets that cover a ref, by its full name."""
    return [
        ruleset
        for ruleset in world.tables.rulesets.where("repository", repository.id)
        if ruleset.enforcement == "active" and covers(repository, ruleset, ref)
    ]


def covers(repository: Repository, ruleset: Ruleset, ref: str) -> bool:
    kind = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(ruleset.target)
    if kind is None or not ref.startswith(kind):
        return False

    def is_in(patterns: list[str]) -> bool:
        return any(matches(spelt_out(repository, each, kind), ref) for each in patterns)

    return is_in(ruleset.include) and not is_in(ruleset.exclude)


def spelt_out(repository: Repository, pattern: str, kind: str) -> str:
    """A pattern of a ruleset without GitHub's two names for branches; `kind` as in `refs/tags/`."""
    if pattern == "~ALL":
        return f"{kind}**"
    return f"refs/heads/{repository.default_branch}" if pattern == "~DEFAULT_BRANCH" else pattern


def bypass_mode(
    world: World, repository: Repository, ruleset: Ruleset, caller: Caller
) -> str | None:
    """How the caller may get round the ruleset: always, pull_request, exempt, or None."""
    for actor in ruleset.bypass_actors:
        if _is_bypassing(world, repository, actor, caller):
            return str(actor.get("bypass_mode", "always"))
    return None


def _is_bypassing(
    world: World, repository: Repository, actor: dict[str, Any], caller: Caller
) -> bool:
    kind, id = actor["actor_type"], actor.get("actor_id")
    if caller.app is not None:
        return bool(kind == "Integration" and id == caller.app.id)
    if caller.actor is None:
        return False
    role = role_of(world.tables, caller.actor.id, repository)
    if kind == "OrganizationAdmin":
        return role == "admin"
    if kind == "RepositoryRole":
        return role is not None and role == ROLE_IDS.get(id or 0)
    return bool(kind == "User" and id == caller.actor.id)
