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
    there = installation.get("permissions") or {}
    missing = tuple(
        f"{name}: {level}"
        for name, level in sorted(granted().items())
        if name != "metadata" and not _enough(there.get(name), level)
    )
    return Lacking(missing, str(installation.get("html_url") or "")) if missing else None


def within(wanted: Mapping[str, str], installation: Mapping[str, Any]) -> dict[str, str]:
    """Those of the rights that were granted."""
    there = installation.get("permissions") or {}
    return {n: level for n, level in wanted.items() if _enough(there.get(n, ""), level)}


def _enough(there: object, wanted: str) -> bool:
    return there in LEVELS[LEVELS.index(wanted) :]
