"""What a stand-in is: its inputs with their defaults, and what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.simulator.actions.runner.use import Use


@dataclass(frozen=True)
class Builtin:
    inputs: Mapping[str, str]
    """Defaults may hold expressions."""
    run: Callable[[Use], Awaitable[None]]
    """Raises StepFailed."""
