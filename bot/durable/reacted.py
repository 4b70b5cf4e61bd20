"""How one try at a hint ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reacted:
    """In JSON's types: it is kept in the database."""

    again_after: float | None = None
    """Seconds until it is worth trying again; None when it is done."""
    look_again: str = ""
    """ISO time at which to look even if nothing is heard; empty for none."""
    status: str = ""
    commands: int = 0
    problems: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    """Those to look at as `owner/name#plan`, where the hint was about more than one."""
    repositories: tuple[tuple[int, str], ...] = ()
    """Id and name of those to look at, where the hint was about more than one."""
