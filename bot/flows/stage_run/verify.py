"""The job that believes nothing: on a fresh machine without secrets every check runs again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.codebase.toolchain import Missing
from bot.core.fingerprint import fingerprint
from bot.core.lifecycle.manifest import CommitToMake, Handed, Manifest, StageVerdict
from bot.core.plan import Action, Change
from bot.core.policy import Limits, Policy
from bot.core.render.commit import trailers
from bot.core.sanitize import one_line
from bot.core.verdict import CheckResult, Verdict
from bot.elixir.fixes import codemod
from bot.elixir.fixes.base import Declined
from bot.elixir.redetect import still_there
from bot.errors import OtpError, Refused
from bot.flows.actions import generated_test
from bot.flows.bench import Bench
from bot.flows.model_scope import widened
from bot.flows.stage_run.approved import Approved
from bot.flows.stage_run.opening import open_stage
from bot.flows.stage_run.order import StageOrder
from bot.flows.stage_run.rules import Rules, content_of
from bot.flows.watch import Watcher
from bot.settings import Settings
from bot.verify.gates import is_test, run_gates
from bot.verify.generated_test import GeneratedTest
from bot.verify.verify import Proving, prove, verify_commits

SHOWN = ("behavioural", "traced")
"""Proofs that a generated test gives."""
MOST_REASONS, LONGEST_REASON = 50, 1000

_ANY_SIZE = Policy(limits=Limits(files=1_000_000))
"""How much may be changed is for `publish` to say, which reads the repository's configuration."""


@dataclass
class Verification:
    """One manifest on a fresh checkout of its base."""

    order: StageOrder
    manifest: Manifest
    digest: str
    watch: Watcher
    started: float = field(default_factory=time.monotonic)

    def verdict(
        self, handed: Handed, code: Path, approved: Approved, settings: Settings
    ) -> StageVerdict:
        """The verdict; what stops the checks is one of its reasons, never an exception."""
        try:
            found = self._judged(handed, code, approved, settings)
        except OtpError as error:
            found = _failed([str(error)])
        minutes = (time.monotonic() - self.started) / 60
        return StageVerdict(**handed.model_dump(), manifest=self.digest, minutes=minutes, **found)

    def _judged(
        self, handed: Handed, code: Path, approved: Approved, settings: Settings
    ) -> dict[str, Any]:
        if not self.manifest.same_place(handed):
            return _failed(["the manifest was made for another attempt or in another run"])
        opened = open_stage(code, approved, self.order, settings)
        bench = Bench(opened.session, self.watch)
        try:
            self._require_rules(bench)
            bench.open_stage(self.order.stage)
            if obstacle := bench.baseline.obstacle:
                return {**_failed([obstacle]), "status": "cannot-build"}
            assert not isinstance(bench.toolchain, Missing)
            commits = self.manifest.commits
            gates = tuple(gate for commit in commits for gate in self._carry(bench, commit))
            if broken := self._broken(bench, gates):
                return _failed(broken)
            return self._checked(bench, gates)
        finally:
            bench.close()

    def _broken(self, bench: Bench, gates: tuple[CheckResult, ...]) -> list[str]:
        """What needs no further check to be refused."""
        found = [f"{g.name}: {g.summary}" for g in gates if g.status != "passed"]
        if self._tree(bench) != self.manifest.tree:
            found.append("the commits lead to another tree than the one they were made in")
        return found

    def _checked(self, bench: Bench, gates: tuple[CheckResult, ...]) -> dict[str, Any]:
        self.watch.doing("every check on the whole change")
        judged = verify_commits(
            bench.mix,
            bench.reporter,
            bench.baseline,
            self._whole(bench),
            gates,
            progress=self.watch.doing,
        )
        return self._found(bench, judged)

    def _tree(self, bench: Bench) -> str:
        return bench.worktree.git.line("rev-parse", "--verify", "HEAD^{tree}")

    def _require_rules(self, bench: Bench) -> None:
        """Nothing is written before the manifest keeps the rules; `publish` knows the policy."""
        repository = bench.session.repository
        entries = {e.path: (e.mode, e.sha) for e in repository.list(self.order.base)}
        allowed = frozenset(a.id for a in bench.session.need_plan().actions())
        rules = Rules.at(entries, allowed - set(self.order.dropped), _ANY_SIZE)
        if broken := rules.follow(self.manifest):
            raise Refused("; ".join(broken[:10]))

    def _carry(self, bench: Bench, commit: CommitToMake) -> Iterator[CheckResult]:
        """Put one commit into the work tree; its gates, and its own test red and green."""
        action = bench.session.need_plan().action(commit.action)
        self.watch.doing("apply, gates and re-detection", action.id)
        test = _test_of(bench, action, commit, split=self.manifest.split)
        for file in commit.files:
            data = content_of(file)
            if data is None:
                bench.worktree.files.remove(file.path)
            else:
                bench.worktree.files.write(file.path, data, mode=int(file.mode[-3:], 8))
        changes = bench.changes()
        by_model = action.fix == "advice" or not action.codemod
        seen = widened(bench.base_project(), action) if by_model else action
        redetect = self._redetect(bench) if action.finding_ids else None
        gates = run_gates(changes, seen, redetect=redetect)
        proof = () if test is None else tuple(self._prove(bench, test, changes))
        if commit.proof in SHOWN and test is None:
            proof = (_unproved(commit),)
        paths = tuple(file.path for file in commit.files)
        sha = bench.worktree.commit(commit.message, paths, trailers(self.order.plan, action.id))
        bench.committed(sha, changes)
        yield from (_named(check, action) for check in (*gates, *proof))

    def _prove(
        self, bench: Bench, test: Proving, changes: tuple[Change, ...]
    ) -> Iterator[CheckResult]:
        bench.mix.freshen(tuple(change.path for change in changes))
        yield from prove(bench.mix, bench.reporter, changes, test, self.watch.doing)

    def _redetect(self, bench: Bench) -> Any:
        known = {f.id: f for f in bench.session.survey.analysis.findings}

        def still(action: Action, changes: tuple[Change, ...]) -> tuple[str, ...]:
            named = [known[i] for i in action.finding_ids if i in known]
            return still_there(bench.base_project(), changes, named)

        return still

    def _whole(self, bench: Bench) -> tuple[Change, ...]:
        """From the base to where the work tree is now, paths relative to the project."""
        repository, prefix = bench.session.repository, bench.session.prefix
        paths = {file.path for commit in self.manifest.commits for file in commit.files}
        base = [e for e in repository.list(self.order.base) if e.path in paths]
        before = {p: d.decode("utf-8", "replace") for p, d in repository.read_all(base).items()}
        return tuple(
            Change(
                path=path.removeprefix(prefix),
                before=before.get(path, ""),
                after=bench.read(path.removeprefix(prefix)),
            )
            for path in sorted(paths)
        )

    def _found(self, bench: Bench, judged: Verdict) -> dict[str, Any]:
        reasons = list(judged.reasons)
        if left := bench.worktree.changed():
            reasons.append(f"the checks changed files: {', '.join(left[:5])}")
        suites = (bench.baseline.checks, judged.checks)
        shown = [next((c.summary for c in r if c.name == "test"), "") for r in suites]
        tests = {
            "tests_before": one_line(shown[0])[:1000],
            "tests_after": one_line(shown[1])[:1000],
        }
        if judged.status == "passed" and not reasons:
            return {"status": "passed", "tree": self._tree(bench), **tests}
        failed = _failed(reasons or [f"the checks ended: {judged.status}"])
        return {**failed, **tests, "fingerprint": judged.fingerprint or failed["fingerprint"]}


def _test_of(bench: Bench, action: Action, commit: CommitToMake, *, split: bool) -> Proving | None:
    """The test that the commit brings to prove itself, where nobody proved it or it says so.

    It is the codemod's own for the code before the commit, or, of a split run, a model's.
    """
    if split and (not action.codemod or action.fix == "advice"):
        return _test_of_model(bench, commit)
    if not action.codemod or (commit.proof not in SHOWN and not split):
        return None
    made = generated_test(codemod(action.codemod), bench.base_project(), action.params)
    if isinstance(made, Declined):
        return None
    held = [f for f in commit.files if f.path == bench.session.prefix + made.path]
    if not held or held[0].before:
        return None
    text = (content_of(held[0]) or b"").decode("utf-8", "replace")
    return Proving(GeneratedTest(made.path, text, (made.red,)), made.proof)


def _test_of_model(bench: Bench, commit: CommitToMake) -> Proving | None:
    """Any failure of it on the base will do: what it proves nobody knows beforehand."""
    prefix = bench.session.prefix
    new = (f for f in commit.files if not f.before and f.path.startswith(prefix))
    for file in sorted(new, key=lambda f: f.path):
        path = file.path.removeprefix(prefix)
        if is_test(path) and path.endswith("_test.exs"):
            text = (content_of(file) or b"").decode("utf-8", "replace")
            return Proving(GeneratedTest(path, text, (r"(?s).",)), "structural")
    return None


def _unproved(commit: CommitToMake) -> CheckResult:
    summary = f"nothing here shows the {commit.proof} proof it claims"
    return CheckResult(name="gate-proof", status="failed", summary=summary)


def _named(check: CheckResult, action: Action) -> CheckResult:
    summary = check.summary if check.status == "passed" else f"{action.id}: {check.summary}"
    return check.model_copy(update={"summary": summary})


def _failed(reasons: list[str]) -> dict[str, Any]:
    shown = tuple(one_line(text)[:LONGEST_REASON] for text in reasons[:MOST_REASONS])
    return {"status": "failed", "reasons": shown, "fingerprint": fingerprint(shown)}
