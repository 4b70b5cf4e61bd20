"""What pipeline steps can do to the work tree."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bot.core.plan import Action, Change
from bot.core.render.commit import commit_message, trailers
from bot.core.render.run import NEEDS_SOMEBODY
from bot.core.verdict import Attempt, Verdict
from bot.elixir import edit
from bot.elixir.fixes import codemod
from bot.elixir.fixes.base import Declined
from bot.elixir.redetect import still_there
from bot.errors import Refused, Unusable
from bot.flows.advice import NO_FIX
from bot.flows.bench import Bench
from bot.flows.model_scope import widened
from bot.flows.pipelines import free_work
from bot.flows.trial import Trial
from bot.flows.unrun import judge_unrun
from bot.pipeline.services import CodemodResult, GitResult
from bot.verify.generated_test import GeneratedTest as TestToProve
from bot.verify.verify import Proving, verify_change

_UNVERIFIED = Verdict(status="not-run", reasons=("the attempt ended before it was verified",))


@dataclass
class Codemods:
    """Carries out planned actions."""

    bench: Bench

    def apply(self, action: str, *, feedback: Any) -> CodemodResult:
        """Apply the action's codemod to the work tree, which has no uncommitted change."""
        planned = _action(self.bench, action)
        if planned.fix == "advice" or not planned.codemod:
            return CodemodResult(status="needs-model", reason=_refusal(planned))
        if planned.fix == "assisted":
            return _for_a_person(planned, planned.decision)
        self.bench.open_stage(planned.stage)
        baseline = self.bench.baseline
        if baseline.obstacle:
            return _for_a_person(planned, baseline.obstacle)
        self.bench.trial = Trial(planned)
        self.bench.doing("change the code", planned)
        changes = codemod(planned.codemod).apply(self.bench.base_project(), planned.params)
        if isinstance(changes, Declined):
            return CodemodResult(status="unchanged", reason=changes.reason)
        return self._write(changes)

    def begin(self, action: str) -> CodemodResult:
        """Stand on the action's stage with its attempt begun; a model makes the change."""
        planned = _action(self.bench, action)
        self.bench.open_stage(planned.stage)
        if obstacle := self.bench.baseline.obstacle:
            return _for_a_person(planned, obstacle)
        self.bench.trial = Trial(planned, by_model=True)
        self.bench.doing("let a model change the code", planned)
        return CodemodResult(status="applied")

    def write(self, path: str, content: str) -> CodemodResult:
        """Write one file a model or a template made."""
        if self.bench.session.plan is None:
            return free_work.write(self.bench, path, content)
        before = self.bench.read(path)
        return self._write((Change(path=path, before=before, after=content),))

    def _write(self, changes: tuple[Change, ...]) -> CodemodResult:
        before = {c.path: c.before for c in changes}
        after = {c.path: c.after for c in changes if _is_elixir(c.path)}
        errors = self.bench.syntax.check(before, after).errors
        if errors:
            path, error = next(iter(errors.items()))
            reason = f"the edited {path} does not parse: {error}"
            return CodemodResult(status="unchanged", reason=reason)
        for change in changes:
            self.bench.worktree.files.write(self.bench.session.prefix + change.path, change.after)
        self._format(changes)
        paths = tuple(c.path for c in changes)
        return CodemodResult(status="applied", files=paths, diff=edit.diff(self.bench.changes()))

    def _format(self, changes: tuple[Change, ...]) -> None:
        """Only what was formatted before, and new files."""
        kept = self.bench.baseline.formatted
        paths = tuple(c.path for c in changes if not c.before or c.path in kept)
        elixir = tuple(filter(_is_elixir, paths))
        if elixir and self.bench.baseline.buildable:
            self.bench.mix.format(elixir)


@dataclass
class WorkGit:
    """The uncommitted change, and what becomes of it."""

    bench: Bench

    def diff(self) -> GitResult:
        """The change as a patch."""
        changes = self.bench.changes() if self.bench.opened else ()
        paths = tuple(c.path for c in changes)
        return GitResult(operation="diff", files=paths, diff=edit.diff(changes))

    def status(self) -> GitResult:
        """The paths that differ."""
        changes = self.bench.changes() if self.bench.opened else ()
        return GitResult(operation="status", files=tuple(c.path for c in changes))

    def commit(self, message: str, *, action: str) -> GitResult:
        """Commit the verified change on the stage's branch; refuses what was not verified.

        Without an action it belongs to no plan: it goes to the run's own branch as it is.
        """
        if not action:
            return free_work.commit(self.bench, message)
        bench, planned = self.bench, _action(self.bench, action)
        verdict = bench.trial_of(planned).verdict
        if verdict is None or verdict.status != "passed":
            raise Refused(f"{planned.id} has no passed verdict, so it is not committed")
        changes, session = bench.changes(), bench.session
        text = commit_message(planned, verdict, message, untested=bench.trial_of(planned).untested)
        paths = tuple(session.prefix + c.path for c in changes)
        marks = trailers(session.need_plan().id, planned.id)
        sha = bench.worktree.commit(text, paths, marks)
        bench.committed(sha, changes)
        attempt = self._attempt(bench.trial_of(planned), verdict, edit.diff(changes), sha)
        stage = session.need_state().stage(bench.stage)
        moved = {"branch": bench.worktree.branch, "tip": sha, "status": "running"}
        session.note_tests(bench.baseline.checks, verdict.checks)
        session.record(
            planned, "committed", commit=sha, attempt=attempt, stage=stage.model_copy(update=moved)
        )
        bench.trial = None
        names = tuple(c.path for c in changes)
        return GitResult(operation="commit", commit=sha, files=names, message=text)

    def undo(self) -> GitResult:
        """Drop the change; the attempt and its diff are kept in the plan's record."""
        if not self.bench.opened:
            return GitResult(operation="undo")
        diff = self.bench.worktree.diff() if self.bench.worktree.changed() else ""
        paths = self.bench.worktree.changed()
        self.bench.worktree.reset()
        trial, self.bench.trial = self.bench.trial, None
        if trial is not None and diff:
            verdict = trial.verdict or _UNVERIFIED
            attempt = self._attempt(trial, verdict, diff, "")
            self.bench.session.record(
                trial.action, "pending", reason=_reason(verdict), attempt=attempt
            )
        return GitResult(operation="undo", files=paths)

    def _attempt(self, trial: Trial, verdict: Verdict, diff: str, commit: str) -> Attempt:
        known = self.bench.session.need_state().action(trial.action.id)
        refused = not commit and verdict.status == "passed"
        return Attempt(
            action=trial.action.id,
            number=known.attempts + 1,
            verdict=verdict,
            diff=diff,
            commit=commit,
            seconds=time.monotonic() - trial.started,
            notes=("not committed although the checks passed",) if refused else (),
        )


@dataclass
class Verifier:
    """Checks and gates on the uncommitted change."""

    bench: Bench

    def verify(self, action: str, *, tests: tuple[str, ...]) -> Verdict:
        """The verdict on the change for `action`, its generated test proved red and green.

        Without an action: on the tree as it stands, against the baseline.
        """
        if not action:
            return free_work.verify(self.bench)
        bench, planned = self.bench, _action(self.bench, action)
        trial, changes = bench.trial_of(planned), bench.changes()
        seen = widened(bench.base_project(), planned) if trial.by_model else planned
        redetect = self._redetect if planned.finding_ids else None
        if bench.session.elsewhere:
            trial.verdict = judge_unrun(bench, seen, redetect)
            return trial.verdict
        trial.verdict = verify_change(
            bench.mix,
            bench.reporter,
            bench.baseline,
            seen,
            changes,
            proving=_proving(trial, tests, changes),
            redetect=redetect,
            progress=lambda check: bench.doing(check, planned),
        )
        return trial.verdict

    def _redetect(self, action: Action, changes: tuple[Change, ...]) -> tuple[str, ...]:
        """What is still wrong at the action's findings."""
        known = {f.id: f for f in self.bench.session.survey.analysis.findings}
        named = [known[i] for i in action.finding_ids if i in known]
        return still_there(self.bench.base_project(), changes, named)


def _proving(trial: Trial, tests: tuple[str, ...], changes: tuple[Change, ...]) -> Proving | None:
    wanted = next((c for c in changes if c.path in tests), None)
    if wanted is None:
        return None
    if trial.test is None:
        # A model wrote it: any failure of it on the base will do, and what it proves nobody
        # knows beforehand.
        return Proving(TestToProve(wanted.path, wanted.after, (r"(?s).",)), "structural")
    return Proving(TestToProve(wanted.path, wanted.after, (trial.test.red,)), trial.test.proof)


def _refusal(action: Action) -> str:
    """Why the codemods for the rule declined; without one, that there is none."""
    refusals = [step for step in action.steps if step.startswith(NO_FIX)]
    return refusals[0] if refusals else NEEDS_SOMEBODY


def _for_a_person(action: Action, reason: str) -> CodemodResult:
    return CodemodResult(status="needs-decision", diff=action.diff, reason=reason)


def _action(bench: Bench, action: str) -> Action:
    if bench.session.plan is None:
        raise Unusable(
            f"there is no plan with an action {action!r}",
            hint="make one in an earlier step: generate_refactor_plan.yaml",
        )
    try:
        return bench.session.need_plan().action(action)
    except KeyError:
        raise Unusable(
            f"the plan has no action {action!r}", hint="`genesis show` lists them"
        ) from None


def _reason(verdict: Verdict) -> str:
    return verdict.reasons[0] if verdict.reasons else f"verdict: {verdict.status}"


def _is_elixir(path: str) -> bool:
    return path.endswith((".ex", ".exs"))
