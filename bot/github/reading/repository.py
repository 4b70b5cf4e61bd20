"""The repository: access, base branch, configuration, and whether the base moved on."""

from __future__ import annotations

import base64
from typing import Any

from bot.config import load_policy
from bot.core.lifecycle.facts import RepositoryFacts
from bot.core.policy import Policy
from bot.errors import ConfigError
from bot.github.client import Client
from bot.github.reading.context import Reading

CONFIG = ".github/otp-genesis.yml"
MAX_CONFIG = 64 * 1024


def policy_of(client: Client, default_branch: str | None = None) -> tuple[Policy, str]:
    """The configuration on the default branch, and what is wrong with it; defaults without one."""
    found = client.find(f"./contents/{CONFIG}", ref=default_branch)
    if found is None:
        return Policy(), ""
    if not isinstance(found, dict) or found.get("type") != "file" or found["size"] > MAX_CONFIG:
        return Policy(), f"{CONFIG} is no file of at most {MAX_CONFIG // 1024} kB"
    try:
        text = base64.b64decode(found["content"]).decode("utf-8")
        return load_policy(text, CONFIG), ""
    except UnicodeDecodeError:
        return Policy(), f"{CONFIG} is not UTF-8"
    except ConfigError as error:
        return Policy(), str(error)


def repository_facts(reading: Reading, about: dict[str, Any], policy: Policy) -> RepositoryFacts:
    """The base branch as it is now, and what changed on it under the plan."""
    client = reading.client
    branch = policy.base or about["default_branch"]
    tip = client.find(f"./git/ref/heads/{branch}")
    base = tip["object"]["sha"] if tip else ""
    drift, rewritten = _moved(reading, base)
    workflow = client.find(f"./actions/workflows/{policy.workflow}")
    return RepositoryFacts(
        full_name=about["full_name"],
        archived=about["archived"],
        base_branch=branch,
        base=base,
        drift=drift,
        rewritten=rewritten,
        workflow=workflow is not None and workflow["state"] == "active",
    )


def _moved(reading: Reading, base: str) -> tuple[tuple[str, ...], bool]:
    """Quoted files that changed since our newest merge, and whether history was rewritten."""
    life, plan = reading.life, reading.plan
    since = next((s.merged for s in reversed(life.stages) if s.merged), life.base)
    if plan is None or not base or base == since or not since:
        return (), False
    compared = reading.client.find(f"./compare/{since}...{base}")
    if compared is None or compared["status"] in ("diverged", "behind"):
        return (), True
    quoted = {place.path for action in plan.actions() for place in action.files}
    prefix = f"{plan.path}/" if plan.path else ""
    changed = {file["filename"] for file in compared.get("files", [])}
    return tuple(sorted(f for f in changed if f.removeprefix(prefix) in quoted)), False
