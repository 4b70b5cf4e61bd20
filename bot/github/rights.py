"""What our App needs and an installation was not granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.github.purposes import granted

LEVELS = ("read", "write", "admin")


def rights_key(installation: int) -> tuple[str, int]:
    """What `App.made` has it by that nothing was lacking a moment ago."""
    return ("rights", installation)


@dataclass(frozen=True)
class Lacking:
    """There is something."""

    permissions: tuple[str, ...]
    """`actions: write`, in order."""
    page: str
    """Where an owner grants them."""


def lacking(installation: Mapping[str, Any]) -> Lacking | None:
    """Of an installation as GitHub shows it; None where all was granted."""
    # Every App may read metadata, whether it is said or not.
    wanted = {name: level for name, level in granted().items() if name != "metadata"}
    found = missing(wanted, installation.get("permissions") or {})
    return Lacking(found, str(installation.get("html_url") or "")) if found else None


def missing(wanted: Mapping[str, str], there: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of the rights that are not `there`, as `Lacking` names them."""
    return tuple(
        f"{n}: {level}" for n, level in sorted(wanted.items()) if not _has(there, n, level)
    )


def within(wanted: Mapping[str, str], installation: Mapping[str, Any]) -> dict[str, str]:
    """Those of the rights that were granted."""
    there = installation.get("permissions") or {}
    return {n: level for n, level in wanted.items() if _has(there, n, level)}


def _has(there: Mapping[str, Any], name: str, level: str) -> bool:
    return there.get(name) in LEVELS[LEVELS.index(level) :]
