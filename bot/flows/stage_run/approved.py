"""What people approved, and what of it the code still asks for at the commit that is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bot.codebase.files import WorkFiles
from bot.core.lifecycle.state import PlanLife
from bot.core.model import Record
from bot.core.plan import Action, Plan
from bot.core.state import ActionState, RunState
from bot.errors import Refused, Unusable
from bot.flows.selection import selected
from bot.flows.stage_run.order import StageOrder

PLAN_FILE, LIFE_FILE = "plan.json", "lifecycle.json"
MOST_BYTES = 64 * 2**20

GONE = "already gone: the code does not have this problem any more"
DROPPED = "left out: the checks failed with it"
WEAKEST_FIRST = ("advice", "assisted", "automatic")
ANSWERED = "Note for reviewers: Asked for by name. To decide was: "

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Approved:
    """The plan and its life at the commit that was named."""

    plan: Plan
    life: PlanLife

    def feedback(self, stage: int) -> str:
        """What failed in the attempt before; empty for none."""
        found = [s.feedback for s in self.life.stages if s.number == stage]
        return found[0] if found else ""


@dataclass(frozen=True)
class Chosen:
    """The plan as it is carried out: approved actions only, as the code now asks for them."""

    plan: Plan
    gone: tuple[str, ...]
    """Approved actions of the stage that nothing asks for any more."""
    unplanned: tuple[str, ...]
    """Actions of the stage that nobody approved."""
    dropped: tuple[str, ...]

    def state(self) -> RunState:
        """Nothing tried yet; what is left out counts as declined."""
        state = RunState.of(self.plan)
        known = {action.id for action in self.plan.actions()}
        for name in (name for name in self.dropped if name in known):
            state = state.with_action(ActionState(id=name, status="declined", reason=DROPPED))
        return state


def read_approved(folder: Path, order: StageOrder) -> Approved:
    """From the files of the plan's ref; raises `Unusable` where they are not this plan's."""
    files = WorkFiles(folder)
    plan = _read(files, PLAN_FILE, Plan)
    life = _read(files, LIFE_FILE, PlanLife)
    if (plan.id, life.plan) != (order.plan, order.plan):
        raise Unusable(
            f"commit {order.plan_commit[:12]} holds plan {plan.id!r}, not {order.plan!r}"
        )
    return Approved(plan, life)


def choose(approved: Plan, fresh: Plan, order: StageOrder) -> Chosen:
    """What of the approved plan is to be done, worded and measured by the `fresh` analysis."""
    known = {action.id: action for action in approved.actions()}
    answered = accepted(approved, order)
    stages = tuple(
        stage.model_copy(update={"actions": tuple(_both(stage.actions, known, answered))})
        for stage in fresh.stages
    )
    now = {action.id for action in fresh.actions()}
    here = [a.id for a in fresh.actions() if a.stage == order.stage]
    wanted = [a.id for a in approved.actions() if a.stage == order.stage]
    return Chosen(
        plan=fresh.model_copy(update={"stages": stages}),
        gone=tuple(name for name in wanted if name not in now),
        unplanned=tuple(name for name in here if name not in known),
        dropped=order.dropped,
    )


def accepted(approved: Plan, order: StageOrder) -> frozenset[str]:
    """Questions a person answered by asking for the very action, and those it stands on.

    `/genesis fix stage 1 ACTION` is the answer: the patch that was shown with the question is
    wanted.
    """
    if order.only not in {action.id for action in approved.actions()}:
        return frozenset()
    named = selected(approved, stage=order.stage, only=order.only)
    return frozenset(a.id for a in named if a.fix == "assisted" and a.codemod)


def _both(
    actions: Iterable[Action], approved: dict[str, Action], answered: frozenset[str]
) -> Iterator[Action]:
    for action in actions:
        if action.id in approved:
            shown = _as_approved(action, approved[action.id])
            yield _answered(shown) if action.id in answered else shown


def _answered(action: Action) -> Action:
    if action.fix != "assisted":
        return action
    steps = (*action.steps, f"{ANSWERED}{action.decision}")
    return action.model_copy(update={"fix": "automatic", "steps": steps})


def _as_approved(fresh: Action, approved: Action) -> Action:
    """What was shown as a question for a person is not done without one."""
    if WEAKEST_FIRST.index(approved.fix) >= WEAKEST_FIRST.index(fresh.fix):
        return fresh
    changed = {"fix": approved.fix, "decision": approved.decision or fresh.decision}
    return fresh.model_copy(update=changed)


def states(chosen: Chosen, state: RunState, order: StageOrder) -> tuple[ActionState, ...]:
    """How each action of the stage ended, and each of another stage that was carried out for it."""
    found = [
        action
        for stage in state.stages
        for action in stage.actions
        if stage.number == order.stage or action.status in ("committed", "failed")
    ]
    gone = [ActionState(id=name, status="skipped", reason=GONE) for name in chosen.gone]
    return (*found, *gone)


def _read(files: WorkFiles, name: str, kind: type[R]) -> R:
    try:
        return kind.model_validate_json(files.read_bytes(name, MOST_BYTES))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Unusable(f"{name} of the plan does not read: {place}: {first['msg']}") from None
    except Refused as error:
        raise Unusable(f"the plan has no {name}: {error.message}") from None
