"""Prove a generated test: red on the base for the intended reason, green on the change."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.codebase.exunit import judge_run, parse_events
from bot.codebase.mix import Mix, Reporter
from bot.core.verdict import CheckResult

_NOPROC = re.compile(r":noproc|no process: the process is not alive or there's no process")
_UNDEFINED = ("UndefinedFunctionError", "CompileError", "SyntaxError", "TokenMissingError")


@dataclass(frozen=True)
class GeneratedTest:
    """A test file we wrote, and what its failure on the base must look like."""

    path: str
    code: str
    expected_red: tuple[str, ...]
    """Regular expressions; every failing test's text must match one of them."""


def check_red(mix: Mix, reporter: Reporter, test: GeneratedTest, *, seed: int = 0) -> CheckResult:
    """On the base: passed when the test fails, and for the intended reason."""
    run = mix.test((test.path,), reporter=reporter, seed=seed)
    result = judge_run(run, mix.root, "generated-test-red")
    suite = parse_events(run.events, mix.root)
    if result.status in ("timed-out", "cannot-build"):
        return result
    if not suite.complete:
        return _as(result, False, f"proves nothing on the base: {result.summary}")
    if not suite.failed():
        return _as(result, False, "is green on the base already: it does not show the problem")
    for failing in suite.failed():
        kinds = suite.kinds.get(f"{failing.module} {failing.name}", ())
        wrong = _wrong_reason(failing.failure, kinds, test.expected_red)
        if wrong:
            return _as(result, False, f"{failing.name!r} is red for another reason: {wrong}")
    return _as(result, True, f"red on the base as intended ({len(suite.failed())} failing)")


def check_green(
    mix: Mix, reporter: Reporter, test: GeneratedTest, *, runs: int = 3, seed: int = 0
) -> CheckResult:
    """On the change: passed when every one of `runs` runs is green."""
    for number in range(runs):
        run = mix.test((test.path,), reporter=reporter, seed=seed + number)
        result = judge_run(run, mix.root, "generated-test-green")
        if result.status != "passed":
            return result.model_copy(
                update={"summary": f"run {number + 1} of {runs}: {result.summary}"}
            )
    return _as(result, True, f"green in {runs} of {runs} runs")


def _wrong_reason(failure: str, kinds: tuple[str, ...], expected: tuple[str, ...]) -> str:
    if _NOPROC.search(failure):
        return "a process the fix adds does not exist yet (:noproc)"
    undefined = [kind for kind in kinds if kind in _UNDEFINED]
    if undefined:
        return f"{undefined[0]}, which says nothing about behaviour"
    if not any(re.search(pattern, failure) for pattern in expected):
        return "the failure matches none of the expected reasons"
    return ""


def _as(result: CheckResult, good: bool, summary: str) -> CheckResult:
    return result.model_copy(update={"status": "passed" if good else "failed", "summary": summary})
