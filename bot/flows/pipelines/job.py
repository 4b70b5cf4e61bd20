"""One pipeline run while it goes on: what it keeps, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.core.sanitize import mask
from bot.core.usage import Usage
from bot.errors import OtpError, Refused, Unusable
from bot.flows.pipelines.asked import Asked, Bound
from bot.flows.pipelines.place import Place
from bot.flows.pipelines.prompted import with_prompt
from bot.flows.watch import Silent, Watcher
from bot.llm.recording.recorder import Recorder
from bot.llm.types import Model, OnText, unheard
from bot.pipeline.budget import Budget
from bot.pipeline.engine import Engine
from bot.pipeline.load import Library, Loaded
from bot.pipeline.record.checkpoints import Checkpoints, write_atomically
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.points import Point, Points, prefix_keys
from bot.pipeline.record.runs import Run, RunRecord, add_usage
from bot.pipeline.record.sessions import Sessions
from bot.pipeline.record.trace import Trace
from bot.pipeline.results import RunResult, StepEvent
from bot.pipeline.steps import default_handlers
from bot.settings import Settings


@dataclass(frozen=True)
class Ears:
    """Who hears what while a pipeline runs."""

    steps: Callable[[StepEvent], None] = lambda event: None
    text: OnText = unheard
    watch: Watcher = field(default_factory=Silent)


@dataclass(frozen=True)
class Report:
    """What a run came to; everything in it was observed."""

    run: Run
    record: RunRecord
    result: RunResult
    resumed: bool
    """It went on where an earlier call of the same stopped."""


@dataclass
class Job:
    """One run while it goes on."""

    asked: Asked
    settings: Settings
    ears: Ears
    place: Place
    library: Library
    loaded: Loaded
    bound: Bound
    models: dict[str, Model]
    run: Run

    def go(self, record: RunRecord, resumed: bool) -> Report:
        """Run to the end, whatever end; the record says which."""
        self.run.save(record)
        self._write(self.run.asked, self.bound.kept(self.asked.prompt))
        self.place.begin(self.run.id, resumed=resumed)
        budget = Budget(self.asked.limits)
        sessions = Sessions(self.settings.state_dir / "sessions")
        secrets, names = self.settings.secrets(), tuple(self.models)
        with Recorder(self.run.exchanges, secrets=secrets, models=names) as recorder:
            try:
                result = self._engine(self._keeping(record, sessions, recorder)).run(
                    with_prompt(self.loaded, self.asked.prompt),
                    self.bound.inputs,
                    budget=budget,
                    given=self.bound.given,
                    resume=self._point() if resumed else None,
                )
            except BaseException as error:
                self._end(record, budget.usage, "interrupted", error)
                raise
        if result.status == "succeeded":
            # Not before: a run that goes on must find its conversations as they were.
            sessions.flush()
        status = "succeeded" if result.status == "succeeded" else "failed"
        ended = self._end(record, budget.usage, status, result.error, result.failed_step)
        self._write(self.run.results, results_json(result))
        return Report(self.run, ended, result, resumed)

    def _keeping(self, record: RunRecord, sessions: Sessions, recorder: Recorder) -> Keeping:
        run = self.run
        return Keeping(
            run_id=run.id,
            started=record.started,
            trace=Trace(run.trace, secrets=self.settings.secrets()),
            checkpoints=Checkpoints(run.answers, secrets=self.settings.secrets()),
            points=Points(run.points),
            recorder=recorder,
            sessions=sessions,
            output_dir=self.asked.output_dir or run.outputs,
            position=self.place.position,
        )

    def _engine(self, keeping: Keeping) -> Engine:
        return Engine(
            default_handlers(),
            self.models,
            library=self.library,
            services=self.place.services(self.bound.named),
            keeping=keeping,
            on_text=self.ears.text,
            observer=self._observe,
        )

    def _observe(self, event: StepEvent) -> None:
        self.place.observe(event)
        self.ears.steps(event)

    def _point(self) -> Point | None:
        """Where a stopped run goes on; the work tree is put back as it was there."""
        steps = with_prompt(self.loaded, self.asked.prompt).steps
        found = Points(self.run.points).find(prefix_keys(steps, self.bound.inputs))
        if found is None:
            return None
        try:
            self.place.restore(found[1])
        except (Refused, Unusable) as error:
            self.ears.watch.note(
                f"checkpoint {found[1].name!r} is gone, so the run begins anew: {error}"
            )
            return None
        return found[1]

    def _end(
        self,
        record: RunRecord,
        usage: Usage,
        status: Any,
        error: BaseException | None,
        failed_step: str = "",
    ) -> RunRecord:
        said = error.message if isinstance(error, OtpError) else type(error).__name__
        goes_on = status != "succeeded" and any(self.run.points.glob("*.json"))
        ended = record.model_copy(
            update={
                "status": status,
                "ended": datetime.now(UTC),
                "error": mask(said, self.settings.secrets()) if error is not None else "",
                "hint": error.hint if isinstance(error, OtpError) else "",
                "failed_step": failed_step,
                "usage": add_usage(record.usage, _sums(usage)),
                "branch": self.place.end(self.run.patch, goes_on=goes_on),
            }
        )
        self.run.save(ended)
        return ended

    def _write(self, path: Path, body: Any) -> None:
        text = mask(json.dumps(body, ensure_ascii=False, default=str), self.settings.secrets())
        write_atomically(path, json.loads(text))


def results_json(result: RunResult) -> dict[str, Any]:
    """What a run came to, to compare a replay with."""
    return {
        "outputs": dict(result.outputs),
        "steps": {
            name: {"status": step.status, "data": step.data, "text": step.text}
            for name, step in result.steps.items()
        },
    }


def _sums(usage: Usage) -> dict[str, float]:
    return {
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "usd": round(usage.usd, 6),
        "unpriced_calls": usage.unpriced_calls,
    }
