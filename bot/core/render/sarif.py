"""SARIF 2.1.0 for code scanning.

Source: OASIS Static Analysis Results Interchange Format 2.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.core.finding import Analysis, Evidence, Finding, Note, Suppressed

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


@dataclass(frozen=True)
class RuleText:
    """What SARIF shows of a rule."""

    id: str
    title: str
    explanation: str
    help: str
    level: str


def as_sarif(analysis: Analysis, rules: Iterable[RuleText], version: str) -> dict[str, Any]:
    """A SARIF log with one run; what comments take out are suppressed results.

    The standard wants `suppressions` and `baselineState` on all results of a run or on none.
    """
    listed = [r for r in rules if r.id in analysis.rules]
    index = {r.id: number for number, r in enumerate(listed)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(listed, version)},
                "columnKind": "unicodeCodePoints",
                "results": list(_results(analysis, index)),
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [_notification(n) for n in analysis.notes],
                    }
                ],
            }
        ],
    }


def _notification(note: Note) -> Mapping[str, Any]:
    place = {"artifactLocation": _artifact(note.path)}
    region = {"region": {"startLine": note.line}} if note.line else {}
    return {
        "level": "warning",
        "message": {"text": f"{note.path}: {note.message}"},
        "locations": [{"physicalLocation": {**place, **region}}],
    }


def _driver(rules: list[RuleText], version: str) -> Mapping[str, Any]:
    return {
        "name": "OTP-Genesis",
        "semanticVersion": version,
        "rules": [
            {
                "id": r.id,
                "name": "".join(word.capitalize() for word in r.id.split("-")),
                "shortDescription": {"text": r.title},
                "fullDescription": {"text": r.explanation},
                "help": {"text": r.help, "markdown": r.help},
                "defaultConfiguration": {"level": _LEVELS[r.level]},
            }
            for r in rules
        ],
    }


def _results(analysis: Analysis, index: Mapping[str, int]) -> Iterator[Mapping[str, Any]]:
    compared = bool(analysis.known or analysis.stale)
    for finding in analysis.findings:
        state = {"baselineState": "new"} if compared else {}
        yield {**_result(finding, index), **state, "suppressions": []}
    for finding in analysis.known:
        yield {**_result(finding, index), "baselineState": "unchanged", "suppressions": []}
    for suppressed in analysis.suppressed:
        state = {"baselineState": "unchanged"} if compared else {}
        result = _result(suppressed.finding, index)
        yield {**result, **state, "suppressions": [_suppression(suppressed)]}


def _suppression(suppressed: Suppressed) -> Mapping[str, Any]:
    line = suppressed.line
    return {
        "kind": "inSource",
        "status": "accepted",
        "justification": suppressed.reason,
        "location": {"physicalLocation": _place(suppressed.finding.path, line, line, 1)},
    }


def _result(finding: Finding, index: Mapping[str, int]) -> Mapping[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": _place(
                    finding.path, finding.line, finding.end_line, finding.column
                )
            }
        ],
        "relatedLocations": [_related(number, e) for number, e in enumerate(finding.evidence)],
        "partialFingerprints": {"genesisFinding/v1": finding.id},
        "properties": {
            "confidence": finding.confidence,
            "category": finding.category,
            "fix": finding.fix,
        },
    }


def _related(number: int, evidence: Evidence) -> Mapping[str, Any]:
    place = _place(evidence.path, evidence.line, evidence.end_line, 1)
    return {"id": number, "physicalLocation": place, "message": {"text": evidence.note}}


def _place(path: str, line: int, end: int, column: int) -> Mapping[str, Any]:
    return {
        "artifactLocation": _artifact(path),
        "region": {"startLine": line, "startColumn": column, "endLine": end},
    }


def _artifact(path: str) -> Mapping[str, Any]:
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}
