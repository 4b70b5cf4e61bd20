"""What a run tells whoever watches it; the command line draws it, tests collect it."""

from __future__ import annotations

from typing import Protocol

from bot.core.plan import Action
from bot.core.state import ActionStatus

Place = tuple[int, int]
"""An action's number among those of the run, from 1, and how many they are."""


class Watcher(Protocol):
    """Hears what a run does, while it does it."""

    def note(self, text: str) -> None:
        """A remark a person should read once."""

    def doing(self, what: str, action: str = "", place: Place = (0, 0)) -> None:
        """What is under way, and with which action."""

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        """An action came to its end; `detail` is a commit id or the reason."""


class Silent:
    """Watches without a word."""

    def note(self, text: str) -> None:
        """Nothing."""

    def doing(self, what: str, action: str = "", place: Place = (0, 0)) -> None:
        """Nothing."""

    def ended(self, action: Action, status: ActionStatus, detail: str, place: Place) -> None:
        """Nothing."""
