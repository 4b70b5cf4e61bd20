"""The main job: run `master_workflow.yaml` over a repository; report what became of each action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from bot.codebase.worktree import refuse_inside
from bot.core.plan import Action, Plan
from bot.core.state import ActionStatus, RunState
from bot.core.usage import Usage
from bot.core.verdict import Baseline
from bot.errors import Unusable
from bot.flows.analyses import Analyses
from bot.flows.bench import Bench
from bot.flows.conclusions import Conclusions
from bot.flows.mix_tasks import MixTasks
from bot.flows.pipelines.tree_files import TreeFiles, following
from bot.flows.services import Codemods, Verifier, WorkGit
from bot.flows.session import Session
from bot.flows.skills import Skills
from bot.flows.watch import Silent, Watcher
from bot.llm.prices import Prices, require_prices
from bot.llm.providers import check_models, model_names, open_models
from bot.llm.recording.recorder import Recorder
from bot.llm.types import Model
from bot.pipeline.budget import Budget, Limits
from bot.pipeline.engine import Engine
from bot.pipeline.load import Library
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.trace import Trace
from bot.pipeline.results import StepEvent
from bot.pipeline.services import Services
from bot.pipeline.steps import default_handlers
from bot.settings import Settings

Observer = Callable[[StepEvent], None]
_PLAN, _WORK = "generate_refactor_plan.yaml", "master_workflow.yaml"


@dataclass(frozen=True)
class RunReport:
    """What a run did; everything in it was observed."""

    plan: Plan
    state: RunState
    selected: tuple[Action, ...]
    """The actions the run was about, those done before among them."""
    tried: tuple[Action, ...]
    """Those this run carried out; in a dry run, those it would."""
    baseline: Baseline | None
    """None when nothing had to be verified."""
    resumed: bool
    usage: Usage = field(default_factory=Usage)
    """What models were paid in this call."""

    def any(self, status: ActionStatus) -> bool:
        """Whether one of the selected actions ended like this."""
        return any(self.state.action(a.id).status == status for a in self.selected)


def run_plan(
    session: Session,
    *,
    stage: int | None = None,
    only: str = "",
    dry_run: bool = False,
    fresh: bool = False,
    feedback: str = "",
    watch: Watcher | None = None,
) -> RunReport:
    """Plan (or take up the plan of an earlier run, or the session's own) and carry the plan out.

    `feedback` is what failed elsewhere after an attempt before: models hear of it.
    Raises `Busy`, `Unusable` and whatever stopped the pipeline; the record and the commits made
    so far stay.
    """
    session.dry_run = dry_run
    refuse_inside(session.repository, session.repository.cache)
    if not dry_run:
        _require_cache(session.repository.cache)
    with nullcontext() if dry_run else session.repository.locked():
        bench = Bench(session, watch or Silent(), anew=fresh)
        try:
            resumed = not fresh and session.resume()
            choice = {"only": only, "stage": stage, "earlier_failure": feedback or None}
            _carry_out(session, bench, choice)
        finally:
            if not dry_run:
                bench.close()
        state = session.need_state()
        return RunReport(
            session.need_plan(),
            state,
            session.selected,
            session.trying,
            bench.taken,
            resumed,
            session.spent,
        )


def _require_cache(cache: Path) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=cache):
            pass
    except OSError as error:
        raise Unusable(
            f"cannot write to the cache {str(cache)!r}: {error.strerror}",
            hint="set GENESIS_CACHE_DIR to a directory you may write to",
        ) from error


def make_plan(session: Session, *, fresh: bool = False, watch: Watcher | None = None) -> Plan:
    """Only plan, by `generate_refactor_plan.yaml`; an earlier plan for the same is taken up."""
    _require_cache(session.repository.cache)
    bench = Bench(session, watch or Silent())
    with session.repository.locked():
        if not fresh:
            session.resume()
        offline: Model = Skills(session, bench).model()
        _run(session, bench, {"offline": offline}, _PLAN, {"goal": session.goal})
        return session.need_plan()


def _carry_out(session: Session, bench: Bench, choice: Mapping[str, Any]) -> None:
    inputs = {
        "goal": session.goal,
        "dry_run": session.dry_run,
        "max_attempts": session.repository.settings.max_attempts,
        **{name: value for name, value in choice.items() if value is not None},
    }
    ended = Conclusions(session, bench)
    outputs = _run(session, bench, _vendors(session, bench), _WORK, inputs, ended.observe)
    ended.conclude(outputs.get("results", []))
    session.finish()


def _run(
    session: Session,
    bench: Bench,
    models: dict[str, Model],
    file: str,
    inputs: Mapping[str, Any],
    observer: Observer = lambda event: None,
) -> Mapping[str, Any]:
    """Outputs of a pipeline, the repository's own copy of it if there is one."""
    settings = session.repository.settings
    own = session.repository.root / ".genesis" / "pipelines"
    library = Library(own) if own.is_dir() else Library()
    limits = limits_of(settings)
    engine = _engine(session, bench, library, models, observer)
    budget = Budget(limits)
    try:
        result = engine.run(library.load(file).workflow, inputs, budget=budget)
    finally:
        session.spent = session.spent + budget.usage
    if result.error is not None:
        raise result.error
    return result.outputs


def limits_of(settings: Settings) -> Limits:
    """The budget of a run as the environment sets it."""
    minutes = settings.max_minutes
    seconds = minutes * 60 if minutes is not None else None
    return Limits(usd=settings.max_usd, tokens=settings.max_tokens, seconds=seconds)


def _vendors(session: Session, bench: Bench) -> dict[str, Model]:
    """The models this run may ask; raises what is wrong with one before anything is done."""
    settings = session.repository.settings
    models = open_models(settings, offline=Skills(session, bench).model())
    session.models = len(models) > 1
    if session.models and not session.dry_run:
        prices = Prices.load(settings.prices_file)
        require_prices(prices, model_names(models), settings.max_usd)
        for notice in check_models(models):
            bench.watch.note(notice)
    return models


def _keeping(session: Session, models: dict[str, Model]) -> Keeping:
    """What was paid for outlives a kill; a dry run keeps nothing."""
    repository, settings = session.repository, session.repository.settings
    if session.dry_run:
        return Keeping()
    secrets = settings.secrets()
    trace = Trace(repository.cache / "traces" / f"{session.commit[:12]}.jsonl", secrets=secrets)
    if not session.models:
        return Keeping(trace=trace)
    kept = settings.state_dir / "repositories" / repository.cache.name / session.commit[:12]
    return Keeping(
        trace=trace,
        checkpoints=Checkpoints(kept / "answers", secrets=secrets),
        recorder=Recorder(kept / "exchanges.jsonl", secrets=secrets, models=tuple(models)),
        output_dir=kept / "outputs",
    )


def _engine(
    session: Session,
    bench: Bench,
    library: Library,
    models: dict[str, Model],
    observer: Observer,
) -> Engine:
    services = Services(
        mix=MixTasks(bench),
        git=WorkGit(bench),
        codemod=Codemods(bench),
        analyze=Analyses(bench),
        verify=Verifier(bench),
        files=TreeFiles((), bench),
        codebase=following(bench),
    )

    def watched(event: StepEvent) -> None:
        observer(event)
        if event.kind == "notice":
            bench.watch.note(event.message)
        elif event.kind == "progress":
            bench.watch.doing(event.message)

    return Engine(
        default_handlers(),
        models,
        library=library,
        services=services,
        keeping=_keeping(session, models),
        observer=watched,
    )
