"""What every handler of a command is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.lifecycle.state import PlanLife
from bot.core.render.github import markers
from bot.github.client import Client
from bot.github.identity import Identity


@dataclass(frozen=True)
class Here:
    """A repository, and who we are there."""

    client: Client
    ourselves: str
    """Login of our App, `slug[bot]`."""
    app_id: int

    @property
    def app(self) -> Identity:
        """Which also holds what this process made a moment ago."""
        return self.client.app

    def key(self, *what: object) -> tuple[object, ...]:
        """What this process remembers something of this repository by."""
        return (self.client.full_name, *what)

    def ours(self, thing: Mapping[str, Any]) -> bool:
        """Whether an issue, comment or pull request was written by us."""
        return bool((thing.get("user") or {}).get("login") == self.ourselves)

    def carries(self, thing: Mapping[str, Any], marker: str) -> bool:
        """Whether it is ours and has this marker."""
        return self.ours(thing) and markers.read(thing.get("body") or "") == markers.read(marker)


@dataclass(frozen=True)
class Doing(Here):
    """The same, and the plan."""

    life: PlanLife
    tip: str = ""
    """Commit of the plan's ref that a stage's run reads the plan from."""
