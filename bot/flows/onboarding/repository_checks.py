"""The verdicts on a repository: what it is, its label, its configuration, its issues."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import CONFIG_PATH
from bot.flows.onboarding.actions_checks import actions_checks
from bot.flows.onboarding.branch_checks import branch_checks
from bot.flows.onboarding.check import Check, Group
from bot.flows.onboarding.serverless_checks import serverless_checks
from bot.github.reading.doctor_repository import RepositorySeen

REPOSITORY = Group("the repository")


def repository_checks(seen: RepositorySeen) -> tuple[Check, ...]:
    """All of them; without access nothing but that."""
    about = seen["about"]
    if not about.there:
        fix = "the App's installation must cover it, with `metadata` and `contents`"
        return (REPOSITORY.failure("access", f"cannot be read: {about.why}", fix),)
    return (
        _state(seen),
        _issues(seen),
        _label(seen),
        _config(seen),
        *_features(seen),
        *actions_checks(seen),
        *serverless_checks(seen),
        *branch_checks(seen),
    )


def _state(seen: RepositorySeen) -> Check:
    about, name = seen["about"].body, "access"
    if about["archived"]:
        return REPOSITORY.failure(name, "is archived", f"{seen.web}/settings: unarchive it")
    if about.get("disabled"):
        return REPOSITORY.failure(name, "GitHub has disabled it", "ask GitHub's support")
    if about.get("fork"):
        says = "can be read; it is a fork, where GitHub leaves workflows and issues off at first"
        return REPOSITORY.warning(name, says, f"{seen.web}/actions: enable workflows")
    return REPOSITORY.ok(name, "can be read")


def _issues(seen: RepositorySeen) -> Check:
    if seen["about"].body["has_issues"]:
        return REPOSITORY.ok("issues", "are switched on")
    fix = f"{seen.web}/settings → Features: Issues"
    return REPOSITORY.failure("issues", "are switched off: there is nothing to label", fix)


def _label(seen: RepositorySeen) -> Check:
    label, found = seen.policy.label, seen["label"]
    if found.there:
        return REPOSITORY.ok("label", f"`{label}` is there")
    if found.status == 404:
        fix = f"{seen.web}/labels: make `{label}` (the bot makes its other labels itself)"
        return REPOSITORY.warning("label", f"`{label}`, which asks for a plan, is not there", fix)
    return REPOSITORY.unknown("label", found.why)


def _config(seen: RepositorySeen) -> Check:
    name, found = "configuration", seen["config"]
    if seen.problems:
        line, _, message = seen.problems[0]
        more = f" (and {len(seen.problems) - 1} more)" if len(seen.problems) > 1 else ""
        where = f"{CONFIG_PATH}:{line}" if line else CONFIG_PATH
        fix = f"mend it on {seen.default_branch}; `genesis config validate` tells each problem"
        return REPOSITORY.failure(name, f"{where}: {message}{more}", fix)
    if seen.problems is not None:
        return REPOSITORY.ok(name, f"{CONFIG_PATH} is valid")
    if found.status == 404:
        return REPOSITORY.ok(name, f"no {CONFIG_PATH}: every setting has its default")
    return REPOSITORY.unknown(name, found.why)


def _features(seen: RepositorySeen) -> Iterator[Check]:
    instead = {
        "sub-issues": "the dashboard lists the stages instead",
        "dependencies": "the dashboard says what waits for what instead",
    }
    for name, without in instead.items():
        found = seen[name]
        if found.there:
            yield REPOSITORY.ok(name, "are supported")
        elif found.status == 404:
            yield REPOSITORY.ok(name, f"this GitHub has none; {without}")
        elif not seen["issues"].there:
            yield REPOSITORY.unknown(name, f"issues cannot be read: {seen['issues'].why}")
        elif not seen["issues"].body:
            yield REPOSITORY.unknown(name, "there is no issue yet to ask about")
        else:
            yield REPOSITORY.unknown(name, found.why)
