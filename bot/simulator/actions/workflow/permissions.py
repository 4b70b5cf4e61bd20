"""The `permissions` key, and what a token gets from it."""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import cast

from bot.simulator.actions.workflow.document import Mapping, Node, Scalar
from bot.simulator.actions.workflow.fields import text
from bot.simulator.actions.workflow.model import Level, Permissions

SCOPES = (
    *("actions", "artifact-metadata", "attestations", "checks", "code-quality", "contents"),
    *("deployments", "discussions", "id-token", "issues", "models", "packages", "pages"),
    *("pull-requests", "repository-projects", "security-events", "statuses"),
)
LEVELS: Map[Level, int] = {"none": 0, "read": 1, "write": 2}
NOTHING: dict[str, Level] = dict.fromkeys(SCOPES, "none")
ONLY: Map[str, frozenset[str]] = {
    "id-token": frozenset({"write", "none"}),
    "models": frozenset({"read", "none"}),
}
"""Scopes that do not know every level."""


def read_permissions(node: Node | None) -> Permissions | None:
    """None where the key is absent: the repository's default counts then."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        return NOTHING | {
            _scope(node, key): _level(key, value) for key, value in node.entries.items()
        }
    word = text(node)
    if word not in ("read-all", "write-all"):
        if isinstance(node, Scalar) and node.value is None:
            return NOTHING
        raise node.place.error(f"Unexpected value '{word[:200]}'")
    return everything("write" if word == "write-all" else "read")


def everything(level: Level) -> Permissions:
    """`read-all` leaves id-token out, for it has no such level; likewise models."""
    return {s: level if level in ONLY.get(s, LEVELS) else _lower(s, level) for s in SCOPES}


def _lower(scope: str, level: Level) -> Level:
    return "read" if level == "write" and "read" in ONLY[scope] else "none"


def _scope(node: Mapping, key: str) -> str:
    if key not in SCOPES:
        raise node.keys[key].error(f"Unexpected value '{key}'")
    return key


def _level(scope: str, node: Node) -> Level:
    level = text(node)
    if level not in ONLY.get(scope, LEVELS) or level not in LEVELS:
        raise node.place.error(f"Unexpected value '{level[:200]}'")
    return cast(Level, level)


def shrunk(wanted: Permissions | None, allowed: Permissions) -> Permissions:
    """What a called workflow gets: no more than its caller has."""
    if wanted is None:
        return allowed
    return {
        scope: min(wanted.get(scope, "none"), allowed.get(scope, "none"), key=LEVELS.__getitem__)
        for scope in SCOPES
    }


def excess(wanted: Permissions | None, allowed: Permissions) -> list[str]:
    """What is asked for beyond the allowed, as GitHub's message lists it: `contents: write`."""
    return [
        f"{scope}: {level}"
        for scope, level in (wanted or {}).items()
        if LEVELS[level] > LEVELS[allowed.get(scope, "none")]
    ]
