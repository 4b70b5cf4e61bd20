"""Run one pipeline file: where it works, who answers, what is kept, and what comes of it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bot.core.sanitize import mask
from bot.flows.pipelines.asked import Asked, Bound, bind
from bot.flows.pipelines.job import Ears, Job, Report
from bot.flows.pipelines.place import Place, open_place
from bot.llm.prices import Prices, require_prices
from bot.llm.providers import check_models, model_names, open_models
from bot.pipeline.language.batch_steps import ManyStep
from bot.pipeline.language.flow_steps import PipelineStep
from bot.pipeline.language.model_steps import PromptStep
from bot.pipeline.language.named_models import named_models
from bot.pipeline.language.spec import walk
from bot.pipeline.load import Library, Loaded
from bot.pipeline.record.checkpoints import content_key
from bot.pipeline.record.runs import Run, RunRecord, RunStore, run_id
from bot.settings import Settings


def run_store(settings: Settings) -> RunStore:
    """All runs of this user."""
    return RunStore(settings.state_dir / "runs")


def library_for(file: Path, repository: Path | None) -> Library:
    """Where the pipelines a file calls are found: beside it, the repository's own, the shipped."""
    own = [repository / ".genesis" / "pipelines"] if repository is not None else []
    return Library(file.resolve().parent, *(place for place in own if place.is_dir()))


def run_pipeline(
    asked: Asked, settings: Settings, ears: Ears, *, now: datetime | None = None
) -> Report:
    """Run it, or go on with a run of the same that did not end well.

    Raises `ConfigError` for a file that is wrong and `Unusable` for inputs that are; what happens
    after that is in the report.
    """
    with ExitStack() as stack:
        place = open_place(asked, settings, ears.watch, stack)
        library = library_for(asked.file, place.root)
        loaded = library.load_file(asked.file)
        bound = bind(asked, loaded)
        models = open_models(settings, offline=place.offline)
        if _asks(loaded):
            prices = Prices.load(settings.prices_file)
            names = model_names(models, named_models(loaded.workflow))
            require_prices(prices, names, asked.limits.usd)
            for notice in check_models(models):
                ears.watch.note(notice)
        run, record, resumed = _take_up(asked, loaded, bound, place, settings, now)
        stack.enter_context(run.held())
        job = Job(asked, settings, ears, place, library, loaded, bound, models, run)
        return job.go(record, resumed)


def _asks(loaded: Loaded) -> bool:
    """Whether a model may be asked; what other files do is not looked into."""
    kinds = PromptStep | ManyStep | PipelineStep
    return any(isinstance(step, kinds) for step in walk(loaded.workflow.steps))


def _take_up(
    asked: Asked,
    loaded: Loaded,
    bound: Bound,
    place: Place,
    settings: Settings,
    now: datetime | None,
) -> tuple[Run, RunRecord, bool]:
    store = run_store(settings)
    started = now or datetime.now(UTC)
    file = str(asked.file.resolve())
    key = content_key(file, bound.digest(), *place.identity())
    found = None if asked.fresh else store.unfinished(key)
    if found is not None:
        record = found.load()
        again = record.model_copy(
            update={"status": "running", "ended": None, "lives": record.lives + 1, "error": ""}
        )
        return found, again, True
    repository, commit = place.identity()
    record = RunRecord(
        id=run_id(loaded.workflow.name, started),
        workflow=loaded.workflow.name,
        file=file,
        key=key,
        inputs=json.loads(mask(json.dumps(dict(bound.inputs), default=str), settings.secrets())),
        started=started,
        repository=repository,
        commit=commit,
    )
    run = store.create(record)
    return run, run.load().model_copy(update={"id": run.id, "status": "running"}), False
