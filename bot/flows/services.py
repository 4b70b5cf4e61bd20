"""What pipeline steps can do to the work tree."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bot.codebase.mix import Mix
from bot.codebase.process import Completed
from bot.core.finding import Analysis, Finding
from bot.core.plan import Action, Change
from bot.core.render.commit import commit_message, trailers
from bot.core.verdict import Attempt, Verdict
from bot.elixir import edit
from bot.elixir.analyze import survey
from bot.elixir.fixes import codemod
from bot.elixir.fixes.base import Declined
from bot.elixir.project import Project
from bot.elixir.redetect import still_there
from bot.elixir.rules import rule
from bot.elixir.tree import DirectoryTree
from bot.errors import Refused, Unusable
from bot.flows.bench import Bench
from bot.pipeline.services import CodemodResult, CommandResult, GitResult
from bot.verify.generated_test import GeneratedTest as TestToProve
from bot.verify.verify import Proving, verify_change


def project_in(bench: Bench) -> Project:
    """The project as it stands in the work tree."""
    return survey(DirectoryTree(bench.worktree.project), jobs=1, rules=()).project


@dataclass
class Codemods:
    """Carries out planned actions."""

    bench: Bench

    def apply(self, action: str, *, feedback: Any) -> CodemodResult:
        """Apply the action's codemod to the work tree as it is now."""
        planned = _action(self.bench, action)
        if planned.fix == "advice" or not planned.codemod:
            return CodemodResult(status="needs-model", reason="no codemod does this: it needs a model or a person")
        if planned.fix == "assisted":
            return CodemodResult(status="needs-decision", diff=planned.diff, reason=planned.decision)
        self.bench.open_stage(planned.stage)
        baseline = self.bench.baseline
        if not baseline.buildable:
            why = f"cannot build here: {baseline.reason}"
            return CodemodResult(status="needs-decision", diff=planned.diff, reason=why)
        self.bench.started[planned.id] = time.monotonic()
        changes = codemod(planned.codemod).apply(project_in(self.bench), planned.params)
        if isinstance(changes, Declined):
            return CodemodResult(status="unchanged", reason=changes.reason)
        return self._write(changes)

    def write(self, path: str, content: str) -> CodemodResult:
        """Write one file a model or a template made."""
        before = self.bench.read(path)
        return self._write((Change(path=path, before=before, after=content),))

    def _write(self, changes: tuple[Change, ...]) -> CodemodResult:
        report = self.bench.syntax.check(
            {c.path: c.before for c in changes}, {c.path: c.after for c in changes if _is_elixir(c.path)}
        )
        if report.errors:
            first = next(iter(report.errors.items()))
            return CodemodResult(status="unchanged", reason=f"the edited {first[0]} does not parse: {first[1]}")
        for change in changes:
            self.bench.worktree.files.write(self.bench.session.prefix + change.path, change.after)
        self._format(changes)
        paths = tuple(c.path for c in changes)
        return CodemodResult(status="applied", files=paths, diff=edit.diff(self.bench.changes()))

    def _format(self, changes: tuple[Change, ...]) -> None:
        """Only what was formatted before, and new files."""
        formatted = self.bench.baseline.formatted
        paths = tuple(c.path for c in changes if _is_elixir(c.path) and (not c.before or c.path in formatted))
        if paths and self.bench.baseline.buildable:
            self.bench.mix.format(paths)


@dataclass
class WorkGit:
    """The uncommitted change, and what becomes of it."""

    bench: Bench
    current: str = ""
    """Id of the action the change belongs to."""

    def diff(self) -> GitResult:
        """The change as a patch."""
        changes = self.bench.changes() if self.bench.stage else ()
        return GitResult(operation="diff", files=tuple(c.path for c in changes), diff=edit.diff(changes))

    def status(self) -> GitResult:
        """The paths that differ."""
        changes = self.bench.changes() if self.bench.stage else ()
        return GitResult(operation="status", files=tuple(c.path for c in changes))

    def commit(self, message: str, *, action: str) -> GitResult:
        """Commit the verified change on the stage's branch; refuses what was not verified."""
        session, planned = self.bench.session, _action(self.bench, action)
        verdict = session.verdicts.get(planned.id)
        if verdict is None or verdict.status != "passed":
            raise Refused(f"{planned.id} has no passed verdict, so it is not committed")
        changes = self.bench.changes()
        paths = tuple(session.prefix + c.path for c in changes)
        text = commit_message(planned, verdict, message)
        sha = self.bench.worktree.commit(text, paths, trailers(session.need_plan().id, planned.id))
        attempt = self._attempt(planned, verdict, edit.diff(changes), sha)
        session.record(planned, "committed", commit=sha, attempt=attempt, branch=self.bench.worktree.branch)
        return GitResult(operation="commit", commit=sha, files=tuple(c.path for c in changes), message=text)

    def undo(self) -> GitResult:
        """Drop the change; the attempt and its diff are kept in the plan's record."""
        if not self.bench.stage:
            return GitResult(operation="undo")
        changes = self.bench.changes()
        paths = tuple(c.path for c in changes)
        for action_id, verdict in tuple(self.bench.session.verdicts.items()):
            if verdict.status != "passed" and action_id in self.bench.started:
                planned = _action(self.bench, action_id)
                attempt = self._attempt(planned, verdict, edit.diff(changes), "")
                self.bench.session.record(planned, "pending", reason=_reason(verdict), attempt=attempt)
        self.bench.worktree.reset()
        return GitResult(operation="undo", files=paths)

    def _attempt(self, planned: Action, verdict: Verdict, diff: str, commit: str) -> Attempt:
        state = self.bench.session.state
        number = state.action(planned.id).attempts + 1 if state is not None else 1
        seconds = time.monotonic() - self.bench.started.pop(planned.id, time.monotonic())
        return Attempt(action=planned.id, number=number, verdict=verdict, diff=diff, commit=commit, seconds=seconds)


@dataclass
class Analyses:
    """The static analyser on the work tree, or on the commit where nothing is open yet."""

    bench: Bench

    def analyze(self, *, rules: tuple[str, ...], paths: tuple[str, ...]) -> Analysis:
        """Findings of these rules below these paths; all where none is named."""
        chosen = tuple(rule(name) for name in rules) if rules else None
        if self.bench.stage:
            analysis = survey(DirectoryTree(self.bench.worktree.project), jobs=1, rules=chosen).analysis
        else:
            analysis = self.bench.session.survey.analysis
        kept = [f for f in analysis.findings if (not rules or f.rule in rules) and _below(f, paths)]
        return analysis.model_copy(update={"findings": tuple(kept)})


@dataclass
class Verifier:
    """Checks and gates on the uncommitted change."""

    bench: Bench

    def verify(self, action: str, *, tests: tuple[str, ...]) -> Verdict:
        """The verdict on the change for `action`, its generated test proved red and green."""
        session, planned = self.bench.session, _action(self.bench, action)
        changes = self.bench.changes()
        verdict = verify_change(
            self.bench.mix, self.bench.reporter, self.bench.baseline, planned, changes,
            proving=self._proving(planned, tests, changes), redetect=self._redetect,
            progress=lambda check: self.bench.say(f"{planned.id}: {check}"),
        )  # fmt: skip
        session.verdicts[planned.id] = verdict
        return verdict

    def _proving(self, action: Action, tests: tuple[str, ...], changes: tuple[Change, ...]) -> Proving | None:
        made = self.bench.session.generated.get(action.id)
        wanted = next((c for c in changes if c.path in tests), None)
        if made is None or wanted is None:
            return None
        return Proving(TestToProve(wanted.path, wanted.after, (made.red,)), made.proof)

    def _redetect(self, action: Action, changes: tuple[Change, ...]) -> tuple[str, ...]:
        """What is still wrong at the action's findings; an action without findings has nothing to look for."""
        known = {f.id: f for f in self.bench.session.survey.analysis.findings}
        named = [known[i] for i in action.finding_ids if i in known]
        return still_there(self.bench.base_project(), changes, named) if named else ()


@dataclass
class MixTasks:
    """Mix tasks a pipeline may run."""

    bench: Bench
    allowed: frozenset[str] = frozenset({"compile", "format", "credo", "test", "xref"})

    def run(self, task: str, args: tuple[str, ...], *, timeout: float) -> CommandResult:
        """Run one allow-listed task; raises `Refused` for another."""
        if task not in self.allowed:
            raise Refused(f"mix {task!r} is not on the list", hint=f"allowed: {', '.join(sorted(self.allowed))}")
        mix: Mix = self.bench.mix
        return as_result(mix.task((task, *args), timeout))


def as_result(done: Completed) -> CommandResult:
    """A finished process as pipelines see it."""
    return CommandResult(
        argv=done.argv, exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr, seconds=done.seconds,
        timed_out=done.timed_out, passed=done.returncode == 0 and not done.timed_out,
    )  # fmt: skip


def _action(bench: Bench, action: str) -> Action:
    try:
        return bench.session.need_plan().action(action)
    except KeyError:
        raise Unusable(f"the plan has no action {action!r}", hint="`genesis show` lists them") from None


def _reason(verdict: Verdict) -> str:
    return verdict.reasons[0] if verdict.reasons else f"verdict: {verdict.status}"


def _below(finding: Finding, paths: tuple[str, ...]) -> bool:
    return not paths or any(finding.path == p or finding.path.startswith(p.rstrip("/") + "/") for p in paths)


def _is_elixir(path: str) -> bool:
    return path.endswith((".ex", ".exs"))
