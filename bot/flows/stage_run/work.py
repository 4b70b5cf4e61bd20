"""The job that does the work: the stage's actions, each a verified commit, as a manifest.

The one job with a key of a model; code of the repository runs in the sandbox, or not at all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.codebase.sandbox import open_sandbox
from bot.core.fingerprint import fingerprint
from bot.core.lifecycle.manifest import CommitToMake, Handed, Manifest
from bot.core.render.plan import documents
from bot.core.sanitize import mask, one_line
from bot.core.state import ActionState, RunState
from bot.errors import OtpError, Refused
from bot.flows.run_plan import run_plan
from bot.flows.session import Session
from bot.flows.stage_run.approved import Approved, Chosen, states
from bot.flows.stage_run.collecting import collect
from bot.flows.stage_run.opening import open_stage
from bot.flows.stage_run.order import StageOrder
from bot.flows.watch import Watcher
from bot.settings import Settings

LONGEST_REASON = 1000
MOST_REASONS = 50
LATER = "nothing of the repository is run beside it, and every check is made afterwards elsewhere"


@dataclass
class Work:
    """One attempt at one stage, as far as it got."""

    order: StageOrder
    started: float = field(default_factory=time.monotonic)
    session: Session | None = None
    chosen: Chosen | None = None
    obstacle: str = ""
    """Why nothing can be verified here."""
    stopped: str = ""
    """What ended the work early."""
    elsewhere: str = ""
    """Why code of the repository is not run here but in `verify` alone; empty where it is."""

    def look_round(self, settings: Settings, watch: Watcher) -> None:
        """Find out, by trying, where code of the repository may run: before anything of it does.

        Beside a key it runs in a sandbox or not at all.
        """
        key = bool(settings.secrets())
        try:
            sandbox = open_sandbox(settings.sandbox, settings.environment, key_present=key)
        except Refused as error:
            if settings.sandbox == "required":
                self.stopped = str(error)
                return
            self.elsewhere = f"{error.message}, and the key of a model is here: {LATER}"
            watch.note(f"split mode: {self.elsewhere}")
            return
        watch.doing(f"sandbox: {sandbox.notice or 'bubblewrap works'}")

    def carry_out(self, code: Path, approved: Approved, settings: Settings, watch: Watcher) -> None:
        """Do it; whatever stops it is kept in `stopped`, with the commits made before."""
        if self.stopped:
            return
        try:
            opened = open_stage(code, approved, self.order, settings)
            opened.session.elsewhere = self.elsewhere
            self.session, self.chosen = opened.session, opened.chosen
            self._begin(opened.session, opened.chosen)
            if self._is_gone():
                return
            report = run_plan(
                opened.session,
                stage=self.order.stage,
                only=self.order.only,
                fresh=True,
                feedback=approved.feedback(self.order.stage),
                watch=watch,
            )
            self.obstacle = report.baseline.obstacle if report.baseline is not None else ""
        except OtpError as error:
            self.stopped = str(error)

    def _begin(self, session: Session, chosen: Chosen) -> None:
        """Keep the plan in the checkout's own refs, as on a laptop; they go nowhere from here."""
        plan, state = session.need_plan(), chosen.state()
        session.plans.save_plan(plan, documents(plan))
        session.state = state

    def _is_gone(self) -> bool:
        assert self.chosen is not None
        here = [a.id for a in self.chosen.plan.actions() if a.stage == self.order.stage]
        return not any(name.startswith(self.order.only) for name in here)

    def manifest(self, handed: Handed, settings: Settings) -> Manifest:
        """What came of it."""
        commits: tuple[CommitToMake, ...] = ()
        tip = self._tip()
        if self.session is not None and tip:
            try:
                commits = collect(
                    self.session.repository, self.order.base, tip, self.session.need_state()
                )
            except OtpError as error:
                self.stopped, tip = str(error), ""
        facts = self._facts(tip if commits else "")
        reasons = tuple(
            one_line(mask(text, settings.secrets()))[:LONGEST_REASON] for text in self._reasons()
        )
        return Manifest(
            **handed.model_dump(),
            **facts,
            split=bool(self.elsewhere),
            commits=commits,
            reasons=reasons[:MOST_REASONS],
            fingerprint="" if commits else fingerprint(reasons),
            made_at=int(time.time()),
            minutes=(time.monotonic() - self.started) / 60,
        )

    def _facts(self, tip: str) -> dict[str, Any]:
        session = self.session
        if session is None or self.chosen is None or session.state is None:
            return {"status": "failed"}
        state = session.state
        spent = session.spent
        return {
            "status": self._status(tip, states(self.chosen, state, self.order)),
            "tree": session.repository.tree_of(tip) if tip else "",
            "actions": states(self.chosen, state, self.order),
            "unplanned": self.chosen.unplanned,
            "tests_before": one_line(state.tests_before)[:LONGEST_REASON],
            "tests_after": one_line(state.tests_after)[:LONGEST_REASON],
            "usd": spent.usd,
            "tokens": spent.input_tokens + spent.output_tokens,
        }

    def _status(self, tip: str, actions: tuple[ActionState, ...]) -> str:
        if tip:
            return "ready"
        if self.stopped:
            return "failed"
        if self.obstacle:
            return "cannot-build"
        return "failed" if any(a.status == "failed" for a in actions) else "nothing"

    def _reasons(self) -> list[str]:
        found = [text for text in (self.stopped, self.obstacle) if text]
        state = self.session.state if self.session is not None else None
        if state is not None and self.chosen is not None:
            actions = states(self.chosen, state, self.order)
            found += [f"{a.id}: {a.reason}" for a in actions if a.status == "failed" and a.reason]
        return list(dict.fromkeys(found))

    def _tip(self) -> str:
        state: RunState | None = self.session.state if self.session is not None else None
        tips = [stage.tip for stage in state.stages if stage.tip] if state is not None else []
        return tips[-1] if tips else ""
