"""Run a pipeline again with the answers that were recorded, and compare what comes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.core.sanitize import mask
from bot.errors import OtpError, Unusable
from bot.flows.pipelines.asked import Asked, Bound
from bot.flows.pipelines.job import Ears, results_json
from bot.flows.pipelines.place import open_place
from bot.flows.pipelines.prompted import with_prompt
from bot.flows.pipelines.run import library_for
from bot.llm.agents.tool_output import settled
from bot.llm.recording.replay import Recording
from bot.llm.types import Model
from bot.pipeline.engine import Engine
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.runs import Run, RunRecord, load_json
from bot.pipeline.results import RunResult
from bot.pipeline.steps import default_handlers
from bot.settings import Settings

_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")


@dataclass(frozen=True)
class ReplayReport:
    """How the replay compares with the run."""

    run: Run
    result: RunResult
    differs: tuple[str, ...]
    """Steps and outputs whose result is another one now."""
    unused: tuple[str, ...]
    """Recorded calls that were not made this time."""

    @property
    def error(self) -> OtpError | None:
        """What stopped the replay; a run that failed is expected to fail again."""
        return self.result.error if self.differs or self.unused else None

    @property
    def same(self) -> bool:
        """Every result as it was, and every recorded answer used."""
        return not self.differs and not self.unused


def replay_run(run: Run, settings: Settings, ears: Ears) -> ReplayReport:
    """Replay a run that has ended; raises `Unusable` where there is nothing to replay."""
    record, asked = run.load(), load_json(run.asked)
    if record.ended is None or asked is None:
        raise Unusable(
            f"run {run.id} has not come to an end",
            hint="go on with it by the command it began with",
        )
    recording = Recording.load(run.exchanges, secrets=settings.secrets())
    with ExitStack() as stack:
        call = _call(record, str(asked["prompt"]), stack)
        place = open_place(call, settings, ears.watch, stack, commit=record.commit)
        library = library_for(call.file, place.root)
        loaded, bound = library.load_file(call.file), Bound.restored(asked)
        place.begin(f"{run.id}-replay", resumed=False)
        models: dict[str, Model] = {**recording.as_models(), "offline": place.offline}
        engine = Engine(
            default_handlers(),
            models,
            library=library,
            services=place.services(bound.named),
            keeping=Keeping(run_id=run.id, started=record.started, output_dir=_scratch(stack)),
            answers=recording,
            observer=ears.steps,
        )
        try:
            result = engine.run(with_prompt(loaded, call.prompt), bound.inputs, given=bound.given)
        finally:
            place.discard()
        return ReplayReport(run, result, _differs(run, result, settings), recording.unused())


def _call(record: RunRecord, prompt: str, stack: ExitStack) -> Asked:
    """The call anew: in the same repository, or in an empty directory where there was none."""
    if record.commit:
        return Asked(Path(record.file), prompt=prompt, where=Path(record.repository))
    return Asked(Path(record.file), prompt=prompt, workspace=_scratch(stack))


def _scratch(stack: ExitStack) -> Path:
    return Path(stack.enter_context(TemporaryDirectory()))


def _differs(run: Run, result: RunResult, settings: Settings) -> tuple[str, ...]:
    before = load_json(run.results) or {"outputs": {}, "steps": {}}
    text = mask(json.dumps(results_json(result), default=str), settings.secrets())
    now = json.loads(text)
    return (
        *_other(before["outputs"], now["outputs"], "output"),
        *_other(before["steps"], now["steps"], "step"),
    )


def _other(before: Mapping[str, Any], now: Mapping[str, Any], what: str) -> list[str]:
    names = dict.fromkeys([*before, *now])
    return [
        f"{what} {name!r}"
        for name in names
        if comparable(before.get(name)) != comparable(now.get(name))
    ]


def comparable(value: Any) -> Any:
    """The value without what is another one in every run: durations, and ids of commits."""
    if isinstance(value, str):
        return _COMMIT.sub("[commit]", settled(value))
    if isinstance(value, Mapping):
        return {k: comparable(v) for k, v in value.items() if k != "seconds"}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return value
