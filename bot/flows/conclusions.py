"""What the pipeline concludes about each action, put into the plan's record as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.plan import Action
from bot.core.state import ActionStatus
from bot.flows.bench import Bench
from bot.flows.selection import waiting
from bot.flows.session import Session
from bot.pipeline.results import StepEvent

_STATUS: Mapping[str, ActionStatus] = {
    "failed": "failed",
    "needs-decision": "patch",
    "needs-model": "skipped",
    "unchanged": "skipped",
    "blocked": "skipped",
}
"""How the pipeline's words are kept in the plan's record."""


@dataclass
class Conclusions:
    """Reads the workflow's `results`: one entry per action, with its status and reasons."""

    session: Session
    bench: Bench
    _seen: set[str] = field(default_factory=set)

    def observe(self, event: StepEvent) -> None:
        """Take up `results` as soon as the workflow sets it, so that a kill loses nothing."""
        data = event.result.data if event.kind == "finished" and event.result else None
        if event.type == "set_variable" and isinstance(data, Mapping):
            self.conclude(data.get("results") or ())

    def conclude(self, results: Iterable[Mapping[str, Any]]) -> None:
        """Keep what is new; it is written with the next transition."""
        for result in results:
            if result["action"] not in self._seen:
                self._seen.add(result["action"])
                self._one(self.session.need_plan().action(result["action"]), result)

    def _one(self, action: Action, result: Mapping[str, Any]) -> None:
        place = self.session.place(action)
        if result["status"] == "passed":
            self.bench.watch.ended(action, "committed", str(result["commit"]), place)
            return
        status = _STATUS.get(result["status"], "failed")
        reason = " ".join(str(r) for r in result["reasons"][:1]) or str(result["status"])
        if result["status"] == "blocked":
            status, reason = self._blocked(action, reason)
        self.session.record(action, status, reason=reason)
        self.bench.watch.ended(action, status, reason, place)

    def _blocked(self, action: Action, missing: str) -> tuple[ActionStatus, str]:
        taken = self.bench.taken
        if taken is not None and taken.obstacle and action.diff:
            return "patch", taken.obstacle
        return waiting(action, missing)
