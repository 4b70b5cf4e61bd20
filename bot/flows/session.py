"""One job on one repository: the commit it works on, its plan and its record in git."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from bot.codebase.repository import Repository
from bot.core.plan import Action, Plan
from bot.core.render.plan import documents
from bot.core.sanitize import one_line
from bot.core.state import FINISHED, ActionState, ActionStatus, RunState, StageState
from bot.core.usage import Usage
from bot.core.verdict import Attempt, CheckResult
from bot.elixir.analyze import Survey
from bot.elixir.selection import Selection
from bot.errors import Unusable
from bot.flows.reconcile import reconcile
from bot.flows.surveys import selection_of_commit, survey_commit
from bot.flows.watch import Place
from bot.github.plans import Plans
from bot.github.store import PlanStore

DEFAULT_GOAL = "Make this code base fault-tolerant."
LONGEST_GOAL = 500
"""Characters; a goal is quoted in every document and in the log."""


def goal_of(text: str) -> str:
    """What a person typed as one line without hidden characters; raises `Unusable`."""
    goal = one_line(text)
    if len(goal) > LONGEST_GOAL:
        raise Unusable(
            f"the goal has {len(goal):,} characters; {LONGEST_GOAL} are allowed",
            hint="say in a sentence what the refactoring is for",
        )
    return goal or DEFAULT_GOAL


@dataclass
class Session:
    """What the services of one run share."""

    repository: Repository
    commit: str
    goal: str
    progress: Callable[[int, int], None] = lambda done, total: None
    plan: Plan | None = None
    state: RunState | None = None
    plan_id: str = ""
    """What a new plan is called; empty: the next `local-<n>`."""
    dry_run: bool = False
    elsewhere: str = ""
    """Why nothing of the repository is run here, where its checks are made elsewhere."""
    with_neighbours: bool = False
    """Whether path dependencies outside the checkout may be seen: where a person works himself."""
    models: bool = False
    """Whether a vendor's model can be asked for what no codemod does."""
    spent: Usage = field(default_factory=Usage)
    """What models were paid."""
    selected: tuple[Action, ...] = ()
    """The actions this run is about, in order."""
    trying: tuple[Action, ...] = ()
    """Those of them that are not done yet."""
    _saved: RunState | None = None

    @cached_property
    def plans(self) -> Plans:
        """The record of plans in the repository's own refs."""
        return Plans(PlanStore(self.repository))

    @cached_property
    def survey(self) -> Survey:
        """The analysis of the commit; the checkout is not looked at."""
        return survey_commit(
            self.repository,
            self.commit,
            selection=self.selection,
            progress=self.progress,
            keep=not self.dry_run,
        )

    @cached_property
    def selection(self) -> Selection:
        """What the configuration of the commit says of findings."""
        return selection_of_commit(self.repository, self.commit)

    @property
    def prefix(self) -> str:
        """The analysed directory below the repository's top, with a trailing slash, or empty."""
        return f"{self.repository.prefix}/" if self.repository.prefix else ""

    def need_plan(self) -> Plan:
        """The plan; it is an error of ours to ask before there is one."""
        assert self.plan is not None, "no plan yet"
        return self.plan

    def need_state(self) -> RunState:
        """How far the plan is; it is an error of ours to ask before there is one."""
        assert self.state is not None, "no plan yet"
        return self.state

    def place(self, action: Action) -> Place:
        """Where the action stands among those this run tries."""
        ids = [a.id for a in self.trying]
        return ids.index(action.id) + 1 if action.id in ids else 0, len(ids)

    def save_new_plan(self, plan: Plan) -> None:
        """Keep a plan; in a dry run only in memory."""
        self.plan = plan.model_copy(update={"path": self.repository.prefix})
        self.state = self._saved = RunState.of(self.plan)
        if not self.dry_run:
            self.plans.save_plan(self.plan, documents(self.plan))

    def resume(self) -> bool:
        """Take up the newest plan for this commit, directory and goal, unless it was undone.

        Commits of ours that a killed run did not record are adopted, in one transition.
        """
        wanted = (self.commit, self.repository.prefix, self.goal)
        for plan_id in reversed(self.plans.store.list()):
            plan = self.plans.load_plan(plan_id)
            if (plan.commit, plan.path, plan.goal) == wanted:
                return self._take_up(plan)
        return False

    def _take_up(self, plan: Plan) -> bool:
        stored = self.plans.load_state(plan.id)
        if any(stage.status == "stopped" for stage in stored.stages):
            return False
        self.plan, self._saved = plan, stored
        self.state = reconcile(self.repository, stored)
        self.save("Adopt what the branches show")
        return True

    def record(
        self,
        action: Action,
        status: ActionStatus,
        *,
        commit: str = "",
        reason: str = "",
        attempt: Attempt | None = None,
        stage: StageState | None = None,
    ) -> None:
        """Note what became of an action; with an attempt it is written at once, as one transition.

        `stage` is the stage whose branch got the commit.
        """
        state = self.need_state()
        tries = state.action(action.id).attempts + (attempt is not None)
        new = ActionState(
            id=action.id,
            status=status,
            commit=commit,
            attempts=tries,
            proof=attempt.verdict.proof if attempt is not None else "none",
            reason=reason,
        )
        if stage is not None:
            state = state.with_stage(stage)
        self.state = state.with_action(new)
        if attempt is not None and not self.dry_run:
            self.plans.save_attempt(self.need_plan().id, action.stage, attempt, self.state)
            self._saved = self.state

    def note_tests(self, before: tuple[CheckResult, ...], after: tuple[CheckResult, ...]) -> None:
        """What the suite showed on the base and shows now; written with the next transition."""
        shown = [next((c.summary for c in r if c.name == "test"), "") for r in (before, after)]
        update = {"tests_before": shown[0], "tests_after": shown[1]}
        self.state = self.need_state().model_copy(update=update)

    def finish(self) -> None:
        """Mark the stages in which nothing waits any more as done, and write what is new."""
        for stage in self.need_state().stages:
            touched = any(a.status != "pending" for a in stage.actions)
            if touched and stage.status != "stopped":
                done = all(a.status in FINISHED for a in stage.actions)
                ended = stage.model_copy(update={"status": "done" if done else "running"})
                self.state = self.need_state().with_stage(ended)
        self.save(f"Run of {len(self.trying)} actions ended")

    def save(self, message: str) -> None:
        """Write the state as one transition, if there is anything new in it."""
        if self.state is None or self.state == self._saved or self.dry_run:
            return
        self.plans.save_state(self.state, message)
        self._saved = self.state
