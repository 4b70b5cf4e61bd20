"""Where a step stands: in a job or in a composite action, after which steps, with which names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.simulator.actions.expressions.evaluator import Scope
from bot.simulator.actions.expressions.functions import Function
from bot.simulator.actions.expressions.values import ExactKeys
from bot.simulator.actions.workflow.model import Defaults


class StepFailed(Exception):
    """Ends a step as failed; the text is logged as its error."""


@dataclass
class Level:
    """A step that is running. Those of a composite action stand on the step that uses it."""

    condition: str | None
    scope: Scope
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    timed_out: bool = False


@dataclass
class Status:
    """How a sequence of steps goes so far."""

    failed: bool = False
    stopped: bool = False
    outer: Status | None = None
    """Of the job, for a composite action: it fails by its own steps, but is cancelled with the
    job."""

    @property
    def cancelled(self) -> bool:
        return self.stopped or (self.outer is not None and self.outer.cancelled)

    @property
    def word(self) -> str:
        if self.cancelled:
            return "cancelled"
        return "failure" if self.failed else "success"


@dataclass
class Frame:
    """One sequence of steps and what its expressions see."""

    contexts: Mapping[str, Any]
    """All but env, steps and job; without `secrets` in a composite action."""
    status: Status
    defaults: Defaults = field(default_factory=Defaults)
    env: dict[str, str] = field(default_factory=dict)
    """Of the step that uses the composite action; empty in a job, whose env is the runner's."""
    steps: dict[str, Any] = field(default_factory=dict)
    depth: int = 0
    github: Mapping[str, Any] = field(default_factory=dict)
    """What differs in this frame: action_path, action_ref, action_repository."""

    def scope(self, env: Mapping[str, str], hash_files: Function, job: Mapping[str, Any]) -> Scope:
        contexts = {
            **self.contexts,
            "github": {**self.contexts["github"], **self.github},
            "env": ExactKeys({**env, **self.env}),
            "steps": self.steps,
            "job": {**job, "status": self.status.word},
        }
        return Scope(contexts, {"hashfiles": hash_files, **status_functions(self.status)})


def status_functions(status: Status) -> dict[str, Function]:
    def success(_: Sequence[Any]) -> bool:
        return not status.failed and not status.cancelled

    def failure(_: Sequence[Any]) -> bool:
        return status.failed and not status.cancelled

    def cancelled(_: Sequence[Any]) -> bool:
        return status.cancelled

    def always(_: Sequence[Any]) -> bool:
        return True

    return {"success": success, "failure": failure, "cancelled": cancelled, "always": always}
