"""The main job: run `master_workflow.yaml` over a repository and report what became of each action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from bot.core.plan import Action, Plan
from bot.core.state import ActionStatus, RunState
from bot.core.verdict import Baseline
from bot.flows.bench import Bench
from bot.flows.services import Analyses, Codemods, MixTasks, Verifier, WorkGit
from bot.flows.session import Session
from bot.flows.skills import Skills
from bot.pipeline.engine import Engine
from bot.pipeline.load import Library
from bot.pipeline.results import StepEvent
from bot.pipeline.services import Services
from bot.pipeline.steps import default_handlers
from bot.pipeline.trace import Trace

_STATUS: Mapping[str, ActionStatus] = {
    "failed": "failed",
    "needs-decision": "patch",
    "needs-model": "skipped",
    "unchanged": "skipped",
    "blocked": "skipped",
}
"""How the pipeline's words are kept in the plan's record."""


@dataclass(frozen=True)
class RunReport:
    """What a run did; everything in it was observed."""

    plan: Plan
    state: RunState
    ran: tuple[str, ...]
    """Ids of the actions this run looked at."""
    baseline: Baseline | None
    resumed: bool
    dirty: tuple[str, ...]
    """Uncommitted paths of the user's checkout, which took no part."""


def run_plan(
    session: Session,
    *,
    stage: int | None = None,
    only: str = "",
    dry_run: bool = False,
    fresh: bool = False,
    say: Callable[[str], None] = lambda text: None,
    observer: Callable[[StepEvent], None] = lambda event: None,
) -> RunReport:
    """Plan (or take up the plan of an interrupted run) and carry the plan out.

    Raises `Busy`, `Unusable` and whatever stopped the pipeline; the record and the commits made so far stay.
    """
    session.dry_run = dry_run
    repository = session.repository
    with nullcontext() if dry_run else repository.locked():
        resumed = not fresh and session.resume()
        bench = Bench(session, say)
        engine = _engine(session, bench, observer)
        library = _library(session)
        inputs: dict[str, Any] = {"goal": session.goal, "only": only, "dry_run": dry_run, "max_attempts": repository.settings.max_attempts}
        if stage is not None:
            inputs["stage"] = stage
        result = engine.run(library.load("master_workflow.yaml").workflow, inputs)
        if result.error is not None:
            raise result.error
        ran = _record_rest(session, result.outputs.get("results", []))
        if not dry_run and bench.stage:
            bench.worktree.remove()
        taken = bench.__dict__.get("baseline")
        assert session.state is not None
        return RunReport(session.need_plan(), session.state, ran, taken, resumed, repository.dirty())


def make_plan(session: Session, *, fresh: bool = False, observer: Callable[[StepEvent], None] = lambda event: None) -> Plan:
    """Only plan, by `generate_refactor_plan.yaml`; the plan of the same commit and goal is taken up again."""
    with session.repository.locked():
        if not fresh:
            session.resume()
        engine = _engine(session, Bench(session), observer)
        result = engine.run(_library(session).load("generate_refactor_plan.yaml").workflow, {"goal": session.goal})
        if result.error is not None:
            raise result.error
        return session.need_plan()


def _library(session: Session) -> Library:
    own = session.repository.root / ".genesis" / "pipelines"
    return Library(own) if own.is_dir() else Library()


def _engine(session: Session, bench: Bench, observer: Callable[[StepEvent], None]) -> Engine:
    trace = None if session.dry_run else session.repository.cache / "traces" / f"{session.commit[:12]}.jsonl"
    services = Services(
        mix=MixTasks(bench), git=WorkGit(bench), codemod=Codemods(bench), analyze=Analyses(bench), verify=Verifier(bench)
    )
    models = {"offline": Skills(session, bench).model()}
    return Engine(
        default_handlers(), models, library=_library(session), services=services, trace=Trace(trace), observer=observer
    )


def _record_rest(session: Session, results: list[Mapping[str, Any]]) -> tuple[str, ...]:
    """Keep what the pipeline concluded about actions that were not committed."""
    plan = session.need_plan()
    for result in results:
        action: Action = plan.action(result["action"])
        if result["status"] == "passed":
            continue
        status = _STATUS.get(result["status"], "failed")
        reason = " ".join(str(r) for r in result["reasons"][:1]) or str(result["status"])
        if result["status"] == "blocked":
            reason = f"depends on {reason}, which is not done"
        session.record(action, status, reason=reason)
    if results:
        session.save(f"Run of {len(results)} actions ended")
    return tuple(str(r["action"]) for r in results)

