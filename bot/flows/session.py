"""One job on one repository: the commit it works on, its plan and its record in git."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from bot.codebase.repository import Repository
from bot.core.plan import Action, Plan
from bot.core.render.plan import documents
from bot.core.state import ActionState, ActionStatus, RunState
from bot.core.verdict import Attempt, Verdict
from bot.elixir.analyze import Survey, survey
from bot.elixir.fixes.base import GeneratedTest
from bot.flows.trees import commit_tree
from bot.github.plans import Plans
from bot.github.store import PlanStore

DEFAULT_GOAL = "Make this code base fault-tolerant."


@dataclass
class Session:
    """What the services of one run share."""

    repository: Repository
    commit: str
    goal: str
    progress: Callable[[int, int], None] = lambda done, total: None
    plan: Plan | None = None
    state: RunState | None = None
    generated: dict[str, GeneratedTest] = field(default_factory=dict)
    """Tests written in this run, by action id."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """Last verdict by action id."""
    dry_run: bool = False

    @cached_property
    def plans(self) -> Plans:
        """The record of plans in the repository's own refs."""
        return Plans(PlanStore(self.repository))

    @cached_property
    def survey(self) -> Survey:
        """The analysis of the commit; the checkout is not looked at."""
        tree = commit_tree(self.repository, self.commit)
        jobs = self.repository.settings.jobs
        return survey(tree, commit=self.commit, jobs=jobs, progress=self.progress)

    @property
    def prefix(self) -> str:
        """The analysed directory below the repository's top, with a trailing slash, or empty."""
        return f"{self.repository.prefix}/" if self.repository.prefix else ""

    def need_plan(self) -> Plan:
        """The plan; it is an error of ours to ask before there is one."""
        assert self.plan is not None, "no plan yet"
        return self.plan

    def save_new_plan(self, plan: Plan) -> None:
        """Keep a plan; in a dry run only in memory."""
        self.plan, self.state = plan, RunState.of(plan)
        if not self.dry_run:
            self.plans.save_plan(plan, documents(plan))

    def resume(self) -> bool:
        """Take up the newest plan if it was made for this commit and goal."""
        newest = self.plans.store.latest()
        if newest is None:
            return False
        plan = self.plans.load_plan(newest)
        if (plan.commit, plan.goal) != (self.commit, self.goal):
            return False
        self.plan, self.state = plan, self.plans.load_state(newest)
        return True

    def record(
        self,
        action: Action,
        status: ActionStatus,
        *,
        commit: str = "",
        reason: str = "",
        attempt: Attempt | None = None,
        branch: str = "",
    ) -> None:
        """Note what became of an action; with an attempt it is written at once, as one transition."""
        assert self.state is not None, "no plan yet"
        old = self.state.action(action.id)
        tries = old.attempts + (attempt is not None)
        new = ActionState(id=action.id, status=status, commit=commit, attempts=tries, reason=reason)
        self.state = self.state.with_action(new)
        if commit:
            stage = self.state.stage(action.stage)
            self.state = self.state.with_stage(
                stage.model_copy(update={"branch": branch, "tip": commit, "status": "running"})
            )
        if attempt is not None and not self.dry_run:
            self.plans.save_attempt(self.need_plan().id, action.stage, attempt, self.state)

    def save(self, message: str) -> None:
        """Write the state as one transition."""
        if self.state is not None and not self.dry_run:
            self.plans.save_state(self.state, message)
