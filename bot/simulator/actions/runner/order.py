"""A job that is ready to run: its needs are met, its matrix expanded, its settings computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.simulator.actions.workflow.model import Concurrency, Defaults, Job, Permissions


@dataclass(frozen=True)
class JobOrder:
    key: str
    name: str
    job: Job
    contexts: Mapping[str, Any]
    """github, inputs, vars, secrets, needs, strategy, matrix."""
    permissions: Permissions
    env: Mapping[str, str]
    defaults: Defaults
    labels: tuple[str, ...]
    timeout_minutes: float
    cancel_timeout_minutes: float
    continue_on_error: bool
    concurrency: Concurrency | None
    """With its group computed."""
