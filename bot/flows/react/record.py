"""A plan's record in its ref: its life, the plan, what became of each action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import ValidationError

from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.core.model import Record
from bot.core.plan import Plan
from bot.core.render.plan import documents
from bot.core.state import RunState
from bot.errors import Unusable
from bot.github.plans import PLAN, STATE
from bot.github.remote_store import Stored

LIFE, PROBLEM = "lifecycle.json", "analysis-problem.txt"

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class PlanRecord:
    """What a plan's ref holds, read."""

    tip: str
    life: PlanLife
    plan: Plan | None
    run: RunState | None
    problem: str = ""
    """Why the newest analysis gave no plan."""
    kept: Mapping[int, StageOutcome] = field(default_factory=dict)
    """By stage, the outcome of the attempt whose commit is on its branch."""

    @classmethod
    def newborn(cls, plan: str, repository: str, sender: str) -> PlanRecord:
        """Of an issue that there is no record for."""
        asked = Asked(actor=sender, source="label")
        life = PlanLife(plan=plan, repository=repository, issue=int(plan), requested=asked)
        return cls(tip="", life=life, plan=None, run=None)

    @classmethod
    def read(cls, stored: Stored) -> PlanRecord:
        """Raises `Unusable` where a file does not read: somebody else wrote it."""
        files = stored.files
        if LIFE not in files:
            raise Unusable(f"there is no {LIFE}", hint="ask for a new plan on a new issue")
        life = _load(PlanLife, files[LIFE], LIFE)
        return cls(
            tip=stored.tip,
            life=life,
            plan=_load(Plan, files[PLAN], PLAN) if PLAN in files else None,
            run=_load(RunState, files[STATE], STATE) if STATE in files else None,
            problem=_problem(files.get(PROBLEM, b""), life),
            kept={s.number: found for s in life.stages if (found := _kept(files, s)) is not None},
        )


def _problem(data: bytes, life: PlanLife) -> str:
    """Why the analysis asked for last failed; an older one's words do not count any more."""
    replan, _, text = data.decode("utf-8", "replace").partition("\n")
    return text.strip() if replan == str(life.replans) else ""


def _kept(files: Mapping[str, bytes], stage: StageLife) -> StageOutcome | None:
    for attempt in range(stage.attempt, 0, -1) if stage.head else ():
        try:
            data = files[_attempt_file(stage.number, attempt)]
            outcome = StageOutcome.model_validate_json(data)
        except (KeyError, ValidationError):
            # Evidence of another version of genesis is missed, not waited for.
            continue
        if outcome.commit == stage.head:
            return outcome
    return None


def _attempt_file(stage: int, attempt: int) -> str:
    return f"attempts/{stage}/{attempt}.json"


def life_files(life: PlanLife) -> dict[str, bytes]:
    """The life as it is stored."""
    return {LIFE: _dump(life)}


def plan_files(plan: Plan) -> dict[str, bytes]:
    """A new plan with its documents and a fresh state of its actions."""
    texts = {name: text.encode("utf-8", "replace") for name, text in documents(plan).items()}
    return {**texts, PLAN: _dump(plan), STATE: _dump(RunState.of(plan)), PROBLEM: b""}


def outcome_files(run: RunState | None, outcomes: Iterable[StageOutcome]) -> dict[str, bytes]:
    """What attempts report: each in a file of its own, and folded into the actions' state."""
    files: dict[str, bytes] = {}
    for outcome in outcomes:
        files[_attempt_file(outcome.stage, outcome.attempt)] = _dump(outcome)
        if run is not None:
            run = _folded(run, outcome)
            files[STATE] = _dump(run)
    return files


def _folded(run: RunState, outcome: StageOutcome) -> RunState:
    known = {action.id for stage in run.stages for action in stage.actions}
    for action in outcome.actions:
        if action.id in known:
            run = run.with_action(action)
    return run


def _dump(record: Record) -> bytes:
    return (record.model_dump_json(indent=2) + "\n").encode()


def _load(kind: type[R], data: bytes, name: str) -> R:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        where = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in where["loc"])
        raise Unusable(
            f"{name} does not read: {place}: {where['msg']}",
            hint="it was written by another version of genesis, or by hand",
        ) from error
