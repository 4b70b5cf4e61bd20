"""The attempt in hand: what is known of it until it is committed or undone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bot.core.plan import Action
from bot.core.verdict import Verdict
from bot.elixir.fixes.base import GeneratedTest


@dataclass
class Trial:
    """One attempt at one action."""

    action: Action
    started: float = field(default_factory=time.monotonic)
    test: GeneratedTest | None = None
    untested: str = ""
    """Why there is no generated test, if there is none."""
    by_model: bool = False
    """A model makes the change, which may need more than the action's own files."""
    verdict: Verdict | None = None
