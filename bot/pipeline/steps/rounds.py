"""What the iterations of a loop did, kept within bounds, and safe to add to side by side."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.errors import OtpError
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.failures import LoopJump, is_fatal
from bot.pipeline.language.flow_steps import LoopStep
from bot.pipeline.scope import Scope

MAX_KEPT = 1_000_000
"""Characters, as JSON, of iterations' data in one loop's results."""

Ended = Literal["succeeded", "failed", "skipped"]


@dataclass
class Rounds:
    """The iterations that ended so far."""

    results: list[dict[str, Any]] = field(default_factory=list)
    failures: list[OtpError] = field(default_factory=list)
    broke: bool = False
    last: dict[str, Any] = field(default_factory=dict)
    room: int = MAX_KEPT
    dropped: int = 0
    """Iterations whose data found no room."""
    closed: bool = False
    """Nothing counts any more: the loop is over, though work given up may still end."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self,
        scope: Scope,
        index: int,
        item: Any,
        ended: Ended,
        *,
        error: OtpError | None = None,
        broke: bool = False,
    ) -> None:
        """Keep the end of one iteration."""
        data = {name: result.data for name, result in scope.own_steps().items()}
        size = len(json.dumps(data, ensure_ascii=False, default=str))
        with self._lock:
            if self.closed:
                return
            self.broke = self.broke or broke
            self.failures += [error] if error is not None else []
            kept = size <= self.room
            self.room -= size if kept else 0
            self.dropped += not kept
            self.last = data
            self.results.append(
                {
                    "index": index,
                    "item": item,
                    "outcome": ended,
                    "error": str(error) if error else "",
                    "data": data if kept else None,
                }
            )

    def over(self, *, break_on_error: bool) -> bool:
        """Whether no further iteration is to begin."""
        return self.broke or (break_on_error and bool(self.failures))

    def outcome(self, *, ordered: bool = True) -> Outcome:
        """Data: `{results: [{index, item, outcome, error, data}], count, failed, broke, last}`."""
        with self._lock:
            self.closed = True
        results = sorted(self.results, key=lambda r: int(r["index"])) if ordered else self.results
        told = {
            "results": results,
            "count": len(results),
            "failed": sum(result["outcome"] == "failed" for result in results),
            "broke": self.broke,
        }
        return Outcome(
            data={**told, "last": self.last},
            text=json.dumps(told, ensure_ascii=False, default=str),
            status="failed" if self.failures else "succeeded",
            error=self.failures[0] if self.failures else None,
            notice=self._notice(),
        )

    def _notice(self) -> str:
        if not self.dropped:
            return ""
        return (
            f"the data of {self.dropped} iterations is not among the results: together they are "
            f"larger than {MAX_KEPT // 1_000_000} MB"
        )


def place(index: int, item: Any) -> str:
    """How an iteration is called in paths: by its item's `id`, else by its number.

    A run that is taken up may have fewer items left; what was paid for one of them is found again.
    """
    name = item.get("id") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) and _ID.fullmatch(name) else str(index)


_ID = re.compile(r"[A-Za-z0-9][\w.:-]{0,79}")


def run_round(
    step: LoopStep, context: StepContext, scope: Scope, rounds: Rounds, index: int, item: Any
) -> None:
    """One iteration in `scope`. A failure is kept; raises what nothing may go on after."""
    context.run.check_cancelled()
    body = replace(context, scope=scope, path=f"{context.path}[{place(index, item)}]")
    if step.continue_condition is not None and body.holds(step.continue_condition):
        rounds.add(scope, index, item, "skipped")
        return
    try:
        context.engine.run_steps(step.steps, body)
    except LoopJump as jump:
        rounds.add(scope, index, item, "succeeded", broke=jump.kind == "break")
        return
    except OtpError as error:
        rounds.add(scope, index, item, "failed", error=error)
        if is_fatal(error):
            raise
        return
    broke = step.break_condition is not None and body.holds(step.break_condition)
    rounds.add(scope, index, item, "succeeded", broke=broke)
