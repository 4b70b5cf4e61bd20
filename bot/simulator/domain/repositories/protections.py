"""Which rules of branches bind who pushes, and changing the classic ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.checks.results import results_at, unmet
from bot.simulator.domain.repositories.branch_rules import (
    BranchRules,
    RequiredCheck,
    bypass_mode,
    of_protection,
    of_ruleset,
    spelt_out,
)
from bot.simulator.git import PushPolicy, RefRule
from bot.simulator.identity.caller import Caller
from bot.simulator.records.repositories import Protection, Repository
from bot.simulator.views.protections import TOLD_CHANGES, protection_rule_view
from bot.simulator.world import World

HEADS = "refs/heads/"


def push_policy(world: World, caller: Caller, repository: Repository) -> PushPolicy:
    """For the hook of a push and for changes of refs by the API."""
    rules = [
        _rule(
            world,
            repository,
            of_protection(world, repository, protection, caller),
            HEADS + protection.branch,
        )
        for protection in world.tables.protections.where("repository", repository.id)
    ]
    for ruleset in world.tables.rulesets.where("repository", repository.id):
        passes = bypass_mode(world, repository, ruleset, caller) in ("always", "exempt")
        if ruleset.enforcement != "active" or ruleset.target == "push" or passes:
            continue
        kind = HEADS if ruleset.target == "branch" else "refs/tags/"
        excludes = tuple(spelt_out(repository, pattern, kind) for pattern in ruleset.exclude)
        for pattern in ruleset.include:
            name = spelt_out(repository, pattern, kind)
            if name.startswith(kind):
                rules.append(_rule(world, repository, of_ruleset(ruleset), name, excludes))
    url = world.urls.page(world.full_name(repository), "rules")
    return PushPolicy(rules=tuple(rules), rules_url=url)


def _rule(
    world: World,
    repository: Repository,
    rules: BranchRules,
    pattern: str,
    excludes: tuple[str, ...] = (),
) -> RefRule:
    return RefRule(
        pattern,
        rules.source,
        blocks_creation=rules.blocks_creation,
        blocks_update=rules.blocks_update,
        blocks_deletion=rules.blocks_deletion,
        blocks_force=rules.blocks_force,
        requires_linear_history=rules.linear_history,
        requires_pull_request=rules.reviews is not None,
        expected_checks=_expected(world, repository, rules.checks),
        excludes=excludes,
    )


def _expected(
    world: World, repository: Repository, checks: Sequence[RequiredCheck]
) -> Callable[[str], Sequence[str]]:
    def expected(sha: str) -> Sequence[str]:
        results = results_at(world, repository, sha)
        return [check.context for check in checks if unmet(results, check) is not None]

    return expected


def protection_of(world: World, repository: Repository, branch: str) -> Protection | None:
    return world.tables.protections.one("branch", (repository.id, branch))


def protection_for(world: World, repository: Repository, branch: str) -> Protection:
    """The branch's protection; a new one, not yet in force, if there is none."""
    now = world.clock.now()
    return protection_of(world, repository, branch) or Protection(
        id=world.tables.next_id(),
        repository_id=repository.id,
        branch=branch,
        created_at=now,
        updated_at=now,
    )


@contextmanager
def changing(
    world: World, caller: Caller, repository: Repository, protection: Protection
) -> Iterator[None]:
    """Puts in force and tells of what is changed inside; nothing in there may fail."""
    is_new = world.tables.protections.get(protection.id) is None
    before = protection_rule_view(protection)
    yield
    after = protection_rule_view(protection)
    protection.updated_at = world.clock.now()
    world.tables.protections.save(protection)
    changes = {key: {"from": before[key]} for key in TOLD_CHANGES if before[key] != after[key]}
    if is_new:
        _tell(world, "created", caller, repository, protection)
    elif before != after:
        _tell(world, "edited", caller, repository, protection, changes=changes)


def unprotect(world: World, caller: Caller, repository: Repository, protection: Protection) -> None:
    world.tables.protections.remove(protection)
    _tell(world, "deleted", caller, repository, protection)


def _tell(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    protection: Protection,
    **extra: Any,
) -> None:
    rule = protection_rule_view(protection)
    tell(world, "branch_protection_rule", action, caller, repository, rule=rule, **extra)
