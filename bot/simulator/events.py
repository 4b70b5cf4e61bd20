"""What happened, as the webhooks and the Actions triggers hear of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.simulator.identity.caller import Caller
from bot.simulator.records.repositories import Repository


@dataclass(frozen=True)
class Event:
    """`payload` is complete but for `installation`, which depends on who receives it."""

    name: str
    action: str | None
    caller: Caller
    payload: dict[str, Any]
    repository: Repository | None = None
    installation_id: int | None = None
    """Set where only the App of this installation is told: installation events."""


Listener = Callable[[Event], None]


@dataclass
class Hub:
    """Passes events on at once, in the order of the changes; listeners only make notes."""

    listeners: list[Listener] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)
