"""`command: verify`: every check on the commit that is checked out, against where it began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.codebase.leftovers import remove_tree
from bot.codebase.mix import Mix
from bot.codebase.repository import Repository
from bot.codebase.toolchain import Missing
from bot.codebase.worktree import Worktree
from bot.core.plan import Change
from bot.core.verdict import Baseline, CheckResult, Status, Verdict
from bot.errors import Unusable
from bot.flows.action_run.dependencies import Dependencies
from bot.flows.action_run.order import ActionOrder
from bot.flows.action_run.outcome import ActionOutcome
from bot.flows.action_run.outcome import Status as Ended
from bot.flows.action_run.pages import FETCH, verify_page
from bot.flows.action_run.remarks import Remark, shown
from bot.flows.action_run.runner import Runner
from bot.flows.action_run.token_left import warn_of_token
from bot.flows.bench import Bench
from bot.flows.build_place import build_path
from bot.flows.changes import between
from bot.flows.pipelines.free_work import whole_change
from bot.flows.reconcile import free_branch
from bot.flows.session import DEFAULT_GOAL, Session
from bot.flows.watch import Watcher
from bot.settings import Settings
from bot.verify.baseline import take_baseline, unbuildable
from bot.verify.gates import run_gates
from bot.verify.judge import judge, new_diagnostics, new_failures
from bot.verify.verify import verify_commits

REPORT_FILE, VERDICT_FILE = "report.md", "verdict.json"

OF_A_BOT = ("gate-changed", "gate-protected", "gate-scope")
"""Gates that say what a bot may touch: no rule for the people who wrote this change."""

_ENDED: dict[Status, Ended] = {
    "passed": "ok",
    "failed": "failed",
    "timed-out": "failed",
    "flaky": "could-not-verify",
    "cannot-build": "could-not-verify",
    "not-run": "could-not-verify",
}


def verify(order: ActionOrder, runner: Runner, settings: Settings, watch: Watcher) -> ActionOutcome:
    """Verified, not verified, or why nobody can tell."""
    repository = Repository.open(runner.project(order), settings)
    base, head = base_of(order, runner, repository), repository.head
    if dirty := repository.dirty():
        watch.note(f"{len(dirty)} uncommitted paths take no part: {head[:12]} is looked at")
    if repository.tree_of(base) == repository.tree_of(head):
        page = f"## Nothing to verify\n\n`{head[:12]}` holds the same as `{base[:12]}`.\n"
        return ActionOutcome(status="nothing", page=page, commit=head)
    bench = Bench(Session(repository, head, DEFAULT_GOAL), watch, run_id=f"verify-{head[:12]}")
    with repository.locked():
        try:
            bench.open()
            baseline, verdict = Verification(bench, base, gates=order.gates).judged()
        finally:
            bench.close()
    page = verify_page(verdict, baseline, base, head)
    folder = runner.report_folder(order)
    (folder / REPORT_FILE).write_text(page, "utf-8", "replace")
    (folder / VERDICT_FILE).write_text(verdict.model_dump_json(indent=2) + "\n", "utf-8")
    return ActionOutcome(
        status=_ENDED[verdict.status],
        page=page,
        remarks=shown(_remarks(verdict, baseline, order.path)),
        commit=head,
        report=folder,
    )


def base_of(order: ActionOrder, runner: Runner, repository: Repository) -> str:
    """The commit where the change began; raises `Unusable` with what to set."""
    named = order.base or runner.base()
    if not named:
        raise Unusable(
            f"the event {runner.event_name or 'of this run'!r} names no commit to compare with",
            hint="set `base`, for instance to origin/main",
        )
    try:
        base = repository.resolve(named)
    except Unusable as error:
        raise Unusable(error.message, hint=FETCH) from None
    # What others did on the base branch since is no part of the change.
    common = repository.git.run("merge-base", base, repository.head, check=False).stdout.strip()
    if not common:
        raise Unusable(f"{named!r} and the commit here have no history in common", hint=FETCH)
    return common


@dataclass(frozen=True)
class Verification:
    """One change, from `base` to where the bench stands."""

    bench: Bench
    base: str
    gates: bool

    def judged(self) -> tuple[Baseline, Verdict]:
        """What the base shows, and the verdict on the change."""
        bench, repository = self.bench, self.bench.session.repository
        tree = f"{repository.tree_of(self.base)}:{repository.prefix}".removesuffix(":")
        if isinstance(bench.toolchain, Missing):
            baseline = unbuildable(tree, bench.toolchain)
            return baseline, judge(baseline, ())
        if bench.toolchain.note:
            bench.watch.note(bench.toolchain.note)
        warn_of_token(repository, bench.sandbox, bench.watch)
        changes = between(repository, self.base, bench.session.commit, bench.session.prefix)
        deps = repository.path / "deps"
        build = build_path(repository, bench.toolchain)
        self._fetching().fetch(bench.session.commit, deps, build)
        self._fetching().install_credo()
        baseline = self._baseline(tree, changes)
        gates = self._gates(changes)
        verdict = verify_commits(
            bench.mix, bench.reporter, baseline, changes, gates, progress=bench.watch.doing
        )
        if left := bench.worktree.changed():
            said = f"the checks changed files: {', '.join(left[:5])}"
            status = "failed" if verdict.status == "passed" else verdict.status
            verdict = verdict.model_copy(
                update={"status": status, "reasons": (*verdict.reasons, said)}
            )
        return baseline, verdict

    def _fetching(self) -> Dependencies:
        bench = self.bench
        assert not isinstance(bench.toolchain, Missing)
        return Dependencies(bench.session.repository, bench.toolchain, bench.sandbox, bench.watch)

    def _mix_at_base(self, beside: Worktree, changes: tuple[Change, ...]) -> Mix:
        """With dependencies of its own where the change may have others."""
        bench, cache = self.bench, self.bench.session.repository.cache
        mix = replace(bench.mix, root=beside.project, tree=beside.root)
        names = {change.path.rpartition("/")[2] for change in changes}
        if names.isdisjoint({"mix.exs", "mix.lock"}):
            return mix
        deps = cache / "deps-of-base"
        remove_tree(deps)
        build = mix.build_path.with_name(f"{mix.build_path.name}-base")
        self._fetching().fetch(self.base, deps, build)
        return replace(mix, deps_path=deps, build_path=build)

    def _baseline(self, tree: str, changes: tuple[Change, ...]) -> Baseline:
        bench, repository = self.bench, self.bench.session.repository
        bench.watch.doing("baseline: compile, format, credo and tests of the base")
        branch = free_branch(f"{bench.run_id}-base")
        beside = Worktree.create(repository, branch, self.base, bench.aside)
        try:
            mix = self._mix_at_base(beside, changes)
            files = tuple(c.path for c in changes if _formattable(c) and c.before)
            cache = repository.settings.cache_dir
            return take_baseline(mix, files, tree, reporter=bench.reporter, cache_dir=cache)
        finally:
            beside.remove()

    def _gates(self, changes: tuple[Change, ...]) -> tuple[CheckResult, ...]:
        if not self.gates:
            return ()
        found = run_gates(changes, whole_change(tuple(change.path for change in changes)))
        return tuple(gate for gate in found if gate.name not in OF_A_BOT)


def _formattable(change: Change) -> bool:
    return change.path.endswith((".ex", ".exs"))


def _remarks(verdict: Verdict, baseline: Baseline, folder: str) -> Iterator[Remark]:
    """What is new, at its place; then every reason beside the run."""
    prefix = f"{folder}/" if folder else ""
    before = {check.name: check for check in baseline.checks}
    for check in verdict.checks:
        known = before[check.name].diagnostics if check.name in before else ()
        for found in new_diagnostics(known, check.diagnostics):
            path = f"{prefix}{found.path}" if found.path else ""
            yield Remark("error", f"new: {check.name}", found.message, path, found.line)
        if check.name == "test":
            for test in new_failures(baseline, check):
                said = f"{test.name} fails\n{test.failure}"
                yield Remark("error", "test", said, f"{prefix}{test.file}", test.line)
    for reason in verdict.reasons:
        yield Remark(
            "error" if verdict.status in ("failed", "timed-out") else "warning",
            f"verify: {verdict.status}",
            reason,
        )
