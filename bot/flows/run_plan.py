"""The main job: run `master_workflow.yaml` over a repository; report what became of each action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from bot.codebase.worktree import refuse_inside
from bot.core.plan import Action, Plan
from bot.core.state import ActionStatus, RunState
from bot.core.verdict import Baseline
from bot.errors import Unusable
from bot.flows.analyses import Analyses
from bot.flows.bench import Bench
from bot.flows.conclusions import Conclusions
from bot.flows.mix_tasks import MixTasks
from bot.flows.services import Codemods, Verifier, WorkGit
from bot.flows.session import Session
from bot.flows.skills import Skills
from bot.flows.watch import Silent, Watcher
from bot.pipeline.engine import Engine
from bot.pipeline.keeping import Keeping
from bot.pipeline.load import Library
from bot.pipeline.results import StepEvent
from bot.pipeline.services import Services
from bot.pipeline.steps import default_handlers
from bot.pipeline.trace import Trace

Observer = Callable[[StepEvent], None]


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
    watch: Watcher | None = None,
) -> RunReport:
    """Plan (or take up the plan of an earlier run) and carry the plan out.

    Raises `Busy`, `Unusable` and whatever stopped the pipeline; the record and the commits made
    so far stay.
    """
    session.dry_run = dry_run
    refuse_inside(session.repository, session.repository.cache)
    if not dry_run:
        _require_cache(session.repository.cache)
    with nullcontext() if dry_run else session.repository.locked():
        bench = Bench(session, watch or Silent())
        try:
            resumed = not fresh and session.resume()
            _carry_out(session, bench, {"only": only, "stage": stage})
        finally:
            if not dry_run:
                bench.close()
        state = session.need_state()
        return RunReport(
            session.need_plan(), state, session.selected, session.trying, bench.taken, resumed
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
        _run(session, bench, "generate_refactor_plan.yaml", {"goal": session.goal})
        return session.need_plan()


def _carry_out(session: Session, bench: Bench, choice: Mapping[str, Any]) -> None:
    inputs = {
        "goal": session.goal,
        "dry_run": session.dry_run,
        "max_attempts": session.repository.settings.max_attempts,
        **{name: value for name, value in choice.items() if value is not None},
    }
    ended = Conclusions(session, bench)
    outputs = _run(session, bench, "master_workflow.yaml", inputs, ended.observe)
    ended.conclude(outputs.get("results", []))
    session.finish()


def _run(
    session: Session,
    bench: Bench,
    file: str,
    inputs: Mapping[str, Any],
    observer: Observer = lambda event: None,
) -> Mapping[str, Any]:
    """Outputs of a pipeline, the repository's own copy of it if there is one."""
    own = session.repository.root / ".genesis" / "pipelines"
    library = Library(own) if own.is_dir() else Library()
    engine = _engine(session, bench, library, observer)
    result = engine.run(library.load(file).workflow, inputs)
    if result.error is not None:
        raise result.error
    return result.outputs


def _engine(session: Session, bench: Bench, library: Library, observer: Observer) -> Engine:
    traces = session.repository.cache / "traces"
    trace = None if session.dry_run else traces / f"{session.commit[:12]}.jsonl"
    services = Services(
        mix=MixTasks(bench),
        git=WorkGit(bench),
        codemod=Codemods(bench),
        analyze=Analyses(bench),
        verify=Verifier(bench),
    )

    def watched(event: StepEvent) -> None:
        observer(event)
        if event.kind == "notice":
            bench.watch.note(event.message)

    return Engine(
        default_handlers(),
        {"offline": Skills(session, bench).model()},
        library=library,
        services=services,
        keeping=Keeping(trace=Trace(trace)),
        observer=watched,
    )
