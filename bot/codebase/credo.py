"""Credo's answer: JSON on stdout, and the notes on stderr that its exit code does not tell."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.codebase.blockers import blocker
from bot.codebase.process import Completed
from bot.core.verdict import Diagnostic, Status

UNPARSED = "Some source files could not be parsed"
"""Credo's note on files it left out; its exit code is 0 all the same."""
NO_TASK = 'The task "credo" could not be found'
_LISTED = re.compile(r"^\s+\d+\) (\S+)$", re.MULTILINE)
_UNKNOWN_CHECK = re.compile(r"Ignoring an undefined check: (\S+)")
_ISSUE_BITS = 31
"""consistency 1, design 2, readability 4, refactor 8, warning 16; anything above is no answer."""


@dataclass(frozen=True)
class CredoReport:
    """What Credo said; `trouble` is set when its list of issues is no answer."""

    issues: tuple[Diagnostic, ...] = ()
    unparsed: tuple[str, ...] = ()
    unknown_checks: tuple[str, ...] = ()
    trouble: str = ""


def parse_credo(returncode: int, stdout: str, stderr: str) -> CredoReport:
    """Read one `mix credo --format json`."""
    if returncode > _ISSUE_BITS or returncode < 0:
        first = next((ln for ln in f"{stderr}\n{stdout}".splitlines() if ln.strip()), "")
        return CredoReport(trouble=f"credo ended with {returncode}: {first.strip()[:200]}")
    document = _document(stdout)
    if document is None:
        return CredoReport(trouble="credo wrote no JSON")
    issues = tuple(_issue(raw) for raw in document["issues"])
    if returncode and not issues:
        return CredoReport(trouble=f"credo ended with {returncode} but listed no issue")
    unparsed = tuple(_LISTED.findall(stderr)) if UNPARSED in stderr else ()
    return CredoReport(issues, unparsed, tuple(_UNKNOWN_CHECK.findall(stderr)))


def judge_credo(done: Completed) -> tuple[Status, str, tuple[Diagnostic, ...]]:
    """The result of a finished `mix credo --format json`, a line about it, and the issues."""
    if done.timed_out:
        return "timed-out", f"no end after {done.seconds:.0f} s", ()
    if NO_TASK in done.stderr:
        return "not-run", "Credo is not available in MIX_ENV=test", ()
    if missing := blocker(done):
        return "cannot-build", missing, ()
    report = parse_credo(done.returncode, done.stdout, done.stderr)
    if report.trouble:
        return "not-run", report.trouble, ()
    if report.unparsed:
        return "failed", f"could not read {', '.join(report.unparsed)}", report.issues
    note = "".join(f"; unknown check {name} ignored" for name in report.unknown_checks)
    status: Status = "failed" if report.issues else "passed"
    return status, f"{len(report.issues)} issues{note}", report.issues


def _document(stdout: str) -> dict[str, Any] | None:
    """The object with the issues; compiler progress may stand before it."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r"^\{", stdout, re.MULTILINE):
        try:
            document, _end = decoder.raw_decode(stdout, match.start())
        except json.JSONDecodeError:
            continue
        if isinstance(document, dict) and isinstance(document.get("issues"), list):
            return document
    return None


def _issue(raw: dict[str, Any]) -> Diagnostic:
    category = str(raw.get("category", ""))
    return Diagnostic(
        tool="credo",
        severity="warning",
        path=str(raw.get("filename", "")),
        line=int(raw.get("line_no") or 0),
        message=f"{raw.get('check', '')} [{category}] {raw.get('message', '')}",
    )
