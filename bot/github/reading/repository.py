"""The repository: access, base branch, configuration, and whether the base moved on."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import quote

from bot.config import CONFIG_PATH, load_policy
from bot.core.lifecycle.facts import RepositoryFacts
from bot.core.policy import Policy
from bot.errors import ConfigError
from bot.github.client import Client
from bot.github.reading.contents import text_of
from bot.github.reading.context import Reading
from bot.github.reading.drift import moved
from bot.github.reading.runs import begun_since
from bot.github.reading.stage_issues import DEPENDENCIES, SUB_ISSUES

MAX_CONFIG = 64 * 1024
NO_CONFIG = f"is no file of at most {MAX_CONFIG // 1024} kB in UTF-8"
"""What is wrong with something else in its place."""
ACTIVE = "active"
DRAFTS = "drafts"
"""What a repository may lack: private ones of free plans do."""


def policy_of(client: Client, default_branch: str | None = None) -> tuple[Policy, str]:
    """The configuration on the default branch, and what is wrong with it; defaults without one."""
    text, problem = config_text(client, default_branch)
    if text is None:
        return Policy(), problem
    try:
        return load_policy(text, CONFIG_PATH), ""
    except ConfigError as error:
        return Policy(), str(error)


def config_text(client: Client, ref: str | None = None) -> tuple[str | None, str]:
    """The configuration file as it stands at `ref`, or None and why it cannot be read.

    None without a reason: there is no such file.
    """
    found = client.find(f"./contents/{CONFIG_PATH}", ref=ref)
    if found is None:
        return None, ""
    text = text_of(found, MAX_CONFIG)
    return text, "" if text is not None else f"{CONFIG_PATH}: {NO_CONFIG}"


def repository_facts(reading: Reading, about: dict[str, Any], policy: Policy) -> RepositoryFacts:
    """The base branch as it is now, and what changed on it under the plan."""
    branch = policy.base or about["default_branch"]
    base = _tip(reading, branch)
    drift, rewritten = moved(reading, base)
    state = _state(reading, policy.workflow)
    lacks = reading.app.lacks
    return RepositoryFacts(
        full_name=about["full_name"],
        archived=about["archived"],
        issues=about["has_issues"],
        base_branch=branch,
        base=base,
        attempts_today=_attempts_today(reading, policy),
        drift=drift,
        rewritten=rewritten,
        sub_issues=not lacks.get(SUB_ISSUES),
        dependencies=not lacks.get(DEPENDENCIES),
        workflow=state == ACTIVE,
        switched_off=state not in ("", ACTIVE),
        drafts=not lacks.get((DRAFTS, about["full_name"])),
    )


def _attempts_today(reading: Reading, policy: Policy) -> int:
    if policy.limits.attempts_per_day is None or not reading.life.stages:
        return 0
    today = datetime.combine(reading.now.astimezone(UTC), time(), tzinfo=UTC)
    return begun_since(reading, policy.workflow, today)


def _tip(reading: Reading, branch: str) -> str:
    found = reading.client.find(f"./git/ref/heads/{quote(branch)}")
    return str(found["object"]["sha"]) if found else ""


def _state(reading: Reading, workflow: str) -> str:
    """How the stage workflow stands, empty where there is none; believed for a while if `active`.

    Where it is not any more, GitHub refuses the dispatch and says so.
    """
    key = ("workflow", reading.client.full_name, workflow)
    if reading.app.made.get(key):
        return ACTIVE
    found = reading.client.find(f"./actions/workflows/{quote(workflow)}")
    state = str(found["state"]) if found is not None else ""
    if state == ACTIVE:
        reading.app.made.put(key, True)
    # A file that was deleted leaves a workflow behind, for the sake of its runs.
    return "" if state == "deleted" else state
