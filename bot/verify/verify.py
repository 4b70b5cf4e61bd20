"""The façade: verify a change that stands in a work tree, and judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from bot.codebase.exunit import check_tests
from bot.codebase.files import NoFile, WorkFiles
from bot.codebase.mix import Mix, Reporter
from bot.core.plan import Action, Change
from bot.core.verdict import Baseline, CheckResult, Proof, Verdict
from bot.errors import Refused
from bot.verify.baseline import FIRST_SEED
from bot.verify.checks import check_compile, check_credo, check_format
from bot.verify.gates import Redetect, run_gates
from bot.verify.generated_test import GeneratedTest, check_green, check_red
from bot.verify.judge import RERUN, judge, judge_gates

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Proving:
    """A generated test, how far it proves the fix, and how often it must be green."""

    test: GeneratedTest
    proof: Proof
    green_runs: int = 3


def verify_change(
    mix: Mix,
    reporter: Reporter,
    baseline: Baseline,
    action: Action,
    changes: tuple[Change, ...],
    *,
    proving: Proving | None = None,
    redetect: Redetect | None = None,
    progress: Progress = lambda _check: None,
) -> Verdict:
    """Judge `changes`, which stand in `mix.root` already, a generated test among them.

    For the red run the base's texts are put back for a moment. `progress` hears each check's name.
    """
    gates = run_gates(changes, action, redetect=redetect)
    if not baseline.buildable:
        return judge(baseline, (), gates)
    checks = tuple(_checks(mix, reporter, baseline, changes, proving, progress))
    untouched = _gate_tree(mix, changes)
    return judge(baseline, checks, (*gates, untouched), proof=_proof(proving, redetect, checks))


def verify_by_gates(
    action: Action,
    changes: tuple[Change, ...],
    elsewhere: str,
    *,
    redetect: Redetect | None = None,
) -> Verdict:
    """Judge `changes` by what can be said without running anything; `elsewhere` says why."""
    return judge_gates(run_gates(changes, action, redetect=redetect), elsewhere)


def verify_tree(
    mix: Mix, reporter: Reporter, baseline: Baseline, *, progress: Progress = lambda _check: None
) -> Verdict:
    """Judge `mix.root` as it stands, without a change whose gates could be asked."""
    if not baseline.buildable:
        return judge(baseline, ())
    return judge(baseline, tuple(_checks(mix, reporter, baseline, (), None, progress)))


def verify_commits(
    mix: Mix,
    reporter: Reporter,
    baseline: Baseline,
    changes: tuple[Change, ...],
    gates: tuple[CheckResult, ...],
    *,
    progress: Progress = lambda _check: None,
) -> Verdict:
    """Judge what several commits made of the base, which stands in `mix.root`.

    `changes` are from the base to there; `gates` were asked for each commit before.
    """
    if not baseline.buildable:
        return judge(baseline, (), gates)
    checks = tuple(_checks(mix, reporter, baseline, changes, None, progress))
    return judge(baseline, checks, (*gates, _gate_tree(mix, changes)))


def _gate_tree(mix: Mix, changes: tuple[Change, ...]) -> CheckResult:
    """Project code ran in the tree: what is committed must be what was verified."""
    rewritten = [c.path for c in changes if _read(mix, c.path) != c.after.encode()]
    return CheckResult(
        name="gate-tree",
        status="failed" if rewritten else "passed",
        summary=f"rewritten while checks ran: {', '.join(rewritten)}" if rewritten else "held",
    )


def _read(mix: Mix, path: str) -> bytes:
    try:
        return WorkFiles(mix.root).read_bytes(path)
    except Refused:
        return b""


def _proof(
    proving: Proving | None, redetect: Redetect | None, checks: tuple[CheckResult, ...]
) -> Proof:
    """A red and green test proves what it says; else only re-detection does, structurally."""
    proved = {c.name for c in checks if c.status == "passed"}
    if proving and {"generated-test-red", "generated-test-green"} <= proved:
        return proving.proof
    return "structural" if redetect is not None else "none"


def _checks(
    mix: Mix,
    reporter: Reporter,
    baseline: Baseline,
    changes: tuple[Change, ...],
    proving: Proving | None,
    progress: Progress,
) -> Iterator[CheckResult]:
    """Cheapest first; what cannot tell anything after a failure is not run."""
    paths = tuple(c.path for c in changes)
    mix.freshen(paths)
    progress("compile")
    built = check_compile(mix)
    yield built
    if built.status != "passed":
        return
    progress("format")
    yield check_format(mix, _to_format(baseline, changes))
    progress("credo")
    yield check_credo(mix)
    if proving is not None:
        yield from prove(mix, reporter, changes, proving, progress)
    progress("test")
    tested = check_tests(mix, reporter, seed=FIRST_SEED)
    yield tested
    if any(t.state in ("failed", "invalid") for t in tested.tests):
        progress(RERUN)
        yield check_tests(mix, reporter, seed=FIRST_SEED, name=RERUN)


def prove(
    mix: Mix,
    reporter: Reporter,
    changes: tuple[Change, ...],
    proving: Proving,
    progress: Progress,
) -> Iterator[CheckResult]:
    """The generated test on the base, then on the change, which stands in `mix.root`."""
    progress("generated-test-red")
    with _base_restored(mix, changes, keep=proving.test.path):
        red = check_red(mix, reporter, proving.test, seed=FIRST_SEED)
    yield red
    progress("generated-test-green")
    yield check_green(mix, reporter, proving.test, runs=proving.green_runs, seed=FIRST_SEED)


@contextmanager
def _base_restored(mix: Mix, changes: tuple[Change, ...], *, keep: str) -> Iterator[None]:
    """The base's texts stand in the tree inside the block, the change's after it."""
    swapped = tuple(c for c in changes if c.path != keep)
    _write(mix, {c.path: c.before for c in swapped})
    try:
        yield
    finally:
        _write(mix, {c.path: c.after for c in swapped})


def _write(mix: Mix, texts: dict[str, str]) -> None:
    """Raises `Refused` where the project's code has put a link in the way."""
    files = WorkFiles(mix.root)
    for path, text in texts.items():
        if text:
            files.write(path, text.encode())
        else:
            with suppress(NoFile):
                files.remove(path)
    mix.freshen(tuple(texts))


def _to_format(baseline: Baseline, changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Files that were at the fixpoint, and new ones."""
    return tuple(
        c.path
        for c in changes
        if c.after
        and c.path.endswith((".ex", ".exs"))
        and (not c.before or c.path in baseline.formatted)
    )
