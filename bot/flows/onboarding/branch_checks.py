"""The verdicts on branches: what would refuse our pushes, and what the base asks of a merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.flows.onboarding.check import Check, Group
from bot.github.reading.doctor import Asked
from bot.github.reading.doctor_repository import SAMPLE, RepositorySeen

BRANCHES = Group("branches")

STAGES = "genesis/**"

REFUSING: Mapping[str, str] = {
    "creation": "nobody may create them",
    "update": "nobody may push to them",
    "pull_request": "they are changed by pull requests only",
    "required_status_checks": "checks must have passed before a push",
    "required_signatures": "commits must be signed, and ours are not",
    "merge_queue": "they are changed by a merge queue only",
    "required_deployments": "a deployment must have succeeded before a push",
}
"""Rules that stop a push to a branch of ours, and in what way."""

DOUBTFUL: Mapping[str, str] = {
    "non_fast_forward": "no force: a stage that starts anew from a newer base cannot be pushed",
    "branch_name_pattern": "names must fit a pattern",
    "commit_message_pattern": "messages must fit a pattern",
    "commit_author_email_pattern": "authors' addresses must fit a pattern",
    "committer_email_pattern": "committers' addresses must fit a pattern",
    "workflows": "workflows must have passed",
    "code_scanning": "code scanning must have passed",
}
"""Rules that may stop one."""


def branch_checks(seen: RepositorySeen) -> tuple[Check, ...]:
    """All of them."""
    return (_pushes(seen), _classic(seen), _required(seen), _queue(seen), _signed(seen))


def _pushes(seen: RepositorySeen) -> Check:
    name, rules = f"pushes to {STAGES}", seen["stage-rules"]
    if not rules.there:
        return BRANCHES.unknown(name, f"rules cannot be read: {rules.why}", f"{seen.web}/rules")
    hard = list(_binding(seen, rules, REFUSING))
    soft = list(_binding(seen, rules, DOUBTFUL))
    if not hard and not soft:
        return BRANCHES.ok(name, f"no ruleset stands against them ({SAMPLE} was asked about)")
    first = (hard or soft)[0]
    says = "; ".join(f"{what} (ruleset {number})" for number, what in hard or soft)
    fix = (
        f"{seen.web}/settings/rules/{first[0]}: exclude `{STAGES}`, or let the App bypass it"
        if first[0]
        else f"{seen.web}/rules: exclude `{STAGES}`"
    )
    return BRANCHES.failure(name, says, fix) if hard else BRANCHES.warning(name, says, fix)


def _binding(
    seen: RepositorySeen, rules: Asked, known: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Rules we cannot get round: ruleset and what it says."""
    for rule in rules.body:
        number, kind = int(rule.get("ruleset_id") or 0), rule.get("type")
        if kind in known and not _bypassed(seen, number):
            yield number, known[kind]


def _bypassed(seen: RepositorySeen, number: int) -> bool:
    ruleset = seen.rulesets.get(number)
    if ruleset is None or not ruleset.there:
        return False
    return ruleset.body.get("current_user_can_bypass") in ("always", "exempt")


def _classic(seen: RepositorySeen) -> Check:
    """Patterns of the older branch protection are for administrators' eyes alone."""
    name, found = f"protection of {STAGES}", seen["protected"]
    where = f"{seen.web}/settings/branches"
    if not found.there:
        return BRANCHES.unknown(name, found.why, where)
    ours = sorted(b["name"] for b in found.body if b["name"].startswith("genesis/"))
    if ours:
        says = f"{', '.join(ours[:3])} is protected, and by which rule only an administrator sees"
        return BRANCHES.warning(name, says, f"{where}: no rule should match `{STAGES}`")
    says = "none of them is protected now; patterns of branch protection rules cannot be read"
    return BRANCHES.unknown(name, says, f"{where}: no rule should match `{STAGES}`")


def _required(seen: RepositorySeen) -> Check:
    name, names, problem = "required checks", set[str](), ""
    rules, base = seen["base-rules"], seen["base"]
    if rules.there:
        for rule in _of_type(rules, "required_status_checks"):
            listed = (rule.get("parameters") or {}).get("required_status_checks") or ()
            names |= {str(check["context"]) for check in listed}
    else:
        problem = rules.why
    if base.there:
        protection = base.body.get("protection") or {}
        names |= set((protection.get("required_status_checks") or {}).get("contexts") or ())
    else:
        problem = problem or base.why
    if base.status == 404:
        fix = f"set `base` in {seen.web}/blob/{seen.default_branch}/.github/otp-genesis.yml"
        return BRANCHES.failure(name, f"there is no branch {seen.base}", fix)
    ignored = sorted(names & set(seen.policy.ignored_checks))
    if ignored:
        says = f"{', '.join(ignored)}: required to merge, but `ignored_checks` names it"
        return BRANCHES.warning(name, says, "take it out of `ignored_checks`")
    if problem:
        return BRANCHES.unknown(name, problem)
    shown = ", ".join(sorted(names))
    return BRANCHES.ok(name, f"of {seen.base}: {shown}" if names else f"{seen.base} has none")


def _queue(seen: RepositorySeen) -> Check:
    rules = seen["base-rules"]
    if not rules.there:
        return BRANCHES.unknown("merge queue", rules.why)
    if any(_of_type(rules, "merge_queue")):
        says = f"{seen.base} has one: people put pull requests into it, the bot waits"
        return BRANCHES.ok("merge queue", says)
    return BRANCHES.ok("merge queue", f"{seen.base} has none by a ruleset")


def _signed(seen: RepositorySeen) -> Check:
    name, rules = "signed commits", seen["base-rules"]
    if not rules.there:
        return BRANCHES.unknown(name, rules.why)
    if any(_of_type(rules, "required_signatures")):
        says = f"{seen.base} wants them, and commits of stages are not signed"
        fix = "merge them locally with a signature, or let those who merge bypass the rule"
        return BRANCHES.warning(name, says, fix)
    return BRANCHES.ok(name, f"no ruleset of {seen.base} wants them")


def _of_type(rules: Asked, kind: str) -> Iterator[Mapping[str, Any]]:
    return (rule for rule in rules.body if rule.get("type") == kind)
