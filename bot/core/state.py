"""Where a run stands: what is done, what failed, what waits for a person. No machine path in it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.core.model import Record
from bot.core.plan import Plan
from bot.core.verdict import FLAKY, Proof

ActionStatus = Literal["pending", "committed", "patch", "failed", "skipped", "undone", "declined"]
"""`patch`: proposed, not applied; `skipped`: could not be tried; `declined`: a person said no."""

StageStatus = Literal["pending", "running", "done", "stopped"]

Outcome = ActionStatus | Literal["flaky", "waiting"]
"""`flaky`: undone, for a test contradicted itself; `waiting`: for an action that is not done."""

BLOCKED = "depends on "
"""How the reason begins of an action that was not tried because another one is missing."""

FINISHED: frozenset[ActionStatus] = frozenset(
    {"committed", "patch", "failed", "skipped", "undone", "declined"}
)


def outcome(status: ActionStatus, reason: str) -> Outcome:
    """What a person is told became of an action."""
    if status == "failed" and reason.startswith(FLAKY):
        return "flaky"
    return "waiting" if status == "skipped" and reason.startswith(BLOCKED) else status


class ActionState(Record):
    """How far one action is."""

    id: str
    status: ActionStatus = "pending"
    commit: str = ""
    """The action's commit; kept after an undo."""
    undo_commit: str = ""
    attempts: int = Field(default=0, ge=0)
    proof: Proof = "none"
    """How far the committed change is proved."""
    reason: str = ""
    """Why it is not committed, one sentence for a person."""


class StageState(Record):
    """How far one stage is, and the branch that carries it."""

    number: int
    branch: str = ""
    """Short name; empty before the first commit."""
    tip: str = ""
    status: StageStatus = "pending"
    actions: tuple[ActionState, ...] = ()


class RunState(Record):
    """The progress of one plan; stored beside it."""

    schema_version: Literal[1] = 1
    plan_id: str
    base: str
    """The commit the plan was made for."""
    tests_before: str = ""
    """What the suite showed on the base commit, one line; empty before the first commit."""
    tests_after: str = ""
    """What it showed on the newest commit of ours."""
    stages: tuple[StageState, ...]

    @classmethod
    def of(cls, plan: Plan) -> RunState:
        """The state before anything was tried."""
        stages = tuple(
            StageState(
                number=stage.number, actions=tuple(ActionState(id=a.id) for a in stage.actions)
            )
            for stage in plan.stages
        )
        return cls(plan_id=plan.id, base=plan.commit, stages=stages)

    def stage(self, number: int) -> StageState:
        """The stage with this number; raises `KeyError`."""
        for stage in self.stages:
            if stage.number == number:
                return stage
        raise KeyError(number)

    def action(self, action_id: str) -> ActionState:
        """The action with this id; raises `KeyError`."""
        for stage in self.stages:
            for action in stage.actions:
                if action.id == action_id:
                    return action
        raise KeyError(action_id)

    def with_stage(self, stage: StageState) -> RunState:
        """This state with the stage of the same number replaced; raises `KeyError`."""
        self.stage(stage.number)
        stages = tuple(stage if s.number == stage.number else s for s in self.stages)
        return self.model_copy(update={"stages": stages})

    def with_action(self, action: ActionState) -> RunState:
        """This state with the action of the same id replaced; raises `KeyError`."""
        self.action(action.id)
        stages = tuple(
            s.model_copy(
                update={"actions": tuple(action if a.id == action.id else a for a in s.actions)}
            )
            for s in self.stages
        )
        return self.model_copy(update={"stages": stages})

    def unfinished(self) -> tuple[ActionState, ...]:
        """Actions that still wait for their turn, in plan order."""
        return tuple(a for s in self.stages for a in s.actions if a.status not in FINISHED)
