"""The judgement of one attempt: a pure function in which only what is new can fail a change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.codebase.exunit import key
from bot.core.fingerprint import fingerprint, normalise
from bot.core.verdict import (
    FLAKY,
    Baseline,
    CheckResult,
    Diagnostic,
    Proof,
    Status,
    TestResult,
    Verdict,
)

RERUN = "test-rerun"
"""Name of the check that ran failing tests again with the same seed."""

_RED = ("failed", "invalid")
_WORST_FIRST: tuple[Status, ...] = ("cannot-build", "timed-out", "failed", "flaky", "not-run")
_EXECUTED = ("passed", *_RED)


@dataclass(frozen=True)
class _Complaint:
    status: Status
    reason: str
    detail: str
    """What the fingerprint is made of."""


def judge(
    baseline: Baseline,
    checks: tuple[CheckResult, ...],
    gates: tuple[CheckResult, ...] = (),
    *,
    proof: Proof = "none",
) -> Verdict:
    """Compare with the baseline; `proof` is granted only to a change that passes."""
    complaints = [] if baseline.buildable else [_cannot(baseline.reason)]
    before = {check.name: check for check in baseline.checks}
    rerun = next((c for c in checks if c.name == RERUN), None)
    for check in checks:
        match check.name:
            case "compile" | "credo":
                complaints += _diagnosed(check, before.get(check.name))
            case "format":
                complaints += _format(check, before.get(check.name), baseline.formatted)
            case "test":
                complaints += _tests(check, before.get("test"), rerun, frozenset(baseline.flaky))
            case "test-rerun":
                pass
            case _:
                complaints += _plain(check)
    for gate in gates:
        complaints += _plain(gate)
    if not any(c.name == "test" for c in checks) and not complaints:
        complaints = [_Complaint("not-run", "no tests were run on the change", "no tests")]
    complaints.sort(key=lambda c: _WORST_FIRST.index(c.status))
    status = _worst(complaints)
    return Verdict(
        status=status,
        proof=proof if status == "passed" else "none",
        checks=(*checks, *gates),
        reasons=tuple(dict.fromkeys(c.reason for c in complaints)),
        fingerprint=fingerprint(f"{c.status} {c.detail}" for c in complaints),
    )


def judge_gates(gates: tuple[CheckResult, ...], elsewhere: str) -> Verdict:
    """By the gates alone, where nothing may be run; `elsewhere` says why."""
    complaints = [complaint for gate in gates for complaint in _plain(gate)]
    return Verdict(
        status=_worst(complaints),
        checks=gates,
        reasons=tuple(dict.fromkeys(c.reason for c in complaints)),
        fingerprint=fingerprint(f"{c.status} {c.detail}" for c in complaints),
        elsewhere=elsewhere,
    )


def new_diagnostics(
    before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...]
) -> tuple[Diagnostic, ...]:
    """Those of `after` that `before` lacks, counted, whatever lines they moved to."""
    known = Counter(_identity(d) for d in before)
    fresh = []
    for diagnostic in after:
        identity = _identity(diagnostic)
        if known[identity]:
            known[identity] -= 1
        else:
            fresh.append(diagnostic)
    return tuple(fresh)


def new_failures(baseline: Baseline, check: CheckResult) -> tuple[TestResult, ...]:
    """Tests of a run that fail now and neither failed nor flaked on the base."""
    before = next((c for c in baseline.checks if c.name == "test"), None)
    old = {key(t): t for t in before.tests} if before else {}
    return tuple(t for t in check.tests if _is_new_failure(t, old) and key(t) not in baseline.flaky)


def _identity(diagnostic: Diagnostic) -> tuple[str, str, str, str]:
    message = normalise(diagnostic.message)
    return (diagnostic.tool, diagnostic.severity, diagnostic.path, message)


def _diagnosed(check: CheckResult, before: CheckResult | None) -> list[_Complaint]:
    if check.status in ("timed-out", "cannot-build"):
        return _plain(check)
    if check.status == "not-run":
        ran_before = before is not None and before.status in ("passed", "failed")
        return _plain(check) if ran_before else []
    fresh = new_diagnostics(before.diagnostics if before else (), check.diagnostics)
    complaints = [
        _Complaint(
            "failed", f"new {check.name} {d.severity} at {_where(d)}: {d.message}", d.message
        )
        for d in fresh
    ]
    silent = check.status == "failed" and not complaints
    unlisted = not check.diagnostics or check.name == "compile" or "could not read" in check.summary
    if silent and unlisted and (before is None or before.status != "failed"):
        return [_Complaint("failed", f"{check.name}: {check.summary}", check.summary)]
    return complaints


def _format(
    check: CheckResult, before: CheckResult | None, formatted: tuple[str, ...]
) -> list[_Complaint]:
    if check.status in ("timed-out", "cannot-build"):
        # The formatter is a courtesy: where it could not run before, it proves nothing now.
        return _plain(check) if formatted else []
    if check.status != "failed":
        return []
    known_off = {d.path for d in before.diagnostics} if before else set()
    if not check.diagnostics:
        return _plain(check) if formatted else []
    return [
        _Complaint("failed", f"{d.path} is not formatted any more", f"format {d.path}")
        for d in check.diagnostics
        if d.path not in known_off
    ]


def _tests(
    check: CheckResult,
    before: CheckResult | None,
    rerun: CheckResult | None,
    known_flaky: frozenset[str],
) -> list[_Complaint]:
    old = {key(t): t for t in before.tests} if before else {}
    now = {key(t): t for t in check.tests}
    broken = [t for t in check.tests if _is_new_failure(t, old) and key(t) not in known_flaky]
    again = {key(t): t.state for t in rerun.tests} if rerun else {}
    complaints = [_failing(t, again.get(key(t), "")) for t in broken]
    if check.status in ("timed-out", "cannot-build"):
        return [*complaints, *_plain(check)]
    if check.status == "failed" and not any(t.state in _RED for t in check.tests):
        return _plain(check)
    if check.status == "not-run" and any(t.state in _EXECUTED for t in old.values()):
        return _plain(check)
    return complaints + _vanished(old, now)


def _is_new_failure(test: TestResult, old: dict[str, TestResult]) -> bool:
    known = old.get(key(test))
    return test.state in _RED and (known is None or known.state not in _RED)


def _failing(test: TestResult, again: str) -> _Complaint:
    where = f"{test.module} {test.name!r} ({test.file}:{test.line})"
    detail = f"{key(test)} {test.failure}"
    if again == "passed":
        reason = f"{FLAKY}{where} failed, then passed with the same seed"
        return _Complaint("flaky", reason, detail)
    return _Complaint("failed", f"{where} fails: {_first_lines(test.failure)}", detail)


def _vanished(old: dict[str, TestResult], now: dict[str, TestResult]) -> list[_Complaint]:
    """Tests that were executed before must be executed now."""
    return [
        _Complaint("failed", f"{name!r} ran before and does not run now", f"vanished {name}")
        for name, test in old.items()
        if test.state in _EXECUTED and (name not in now or now[name].state not in _EXECUTED)
    ]


def _plain(check: CheckResult) -> list[_Complaint]:
    if check.status == "passed":
        return []
    if check.status == "cannot-build":
        # The base builds here, so it is the change that needs what is missing.
        reason = f"{check.name}: cannot be built any more: {check.summary}"
        return [_Complaint("failed", reason, check.summary)]
    return [_Complaint(check.status, f"{check.name}: {check.summary}", check.summary)]


def _cannot(reason: str) -> _Complaint:
    return _Complaint("cannot-build", f"cannot build here: {reason}", reason)


def _worst(complaints: list[_Complaint]) -> Status:
    return next((s for s in _WORST_FIRST if any(c.status == s for c in complaints)), "passed")


def _where(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.path}:{diagnostic.line}" if diagnostic.path else "an unknown place"


def _first_lines(text: str, lines: int = 6) -> str:
    return " | ".join(ln.strip() for ln in text.strip().splitlines()[:lines])
