"""SARIF 2.1.0 for code scanning.

Source: OASIS Static Analysis Results Interchange Format 2.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.finding import Analysis, Evidence, Finding

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
    """A SARIF log with one run; exempted sites are suppressed results."""
    listed = [r for r in rules if r.id in analysis.rules]
    index = {r.id: number for number, r in enumerate(listed)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(listed, version)},
                "columnKind": "unicodeCodePoints",
                "results": [_result(f, index) for f in analysis.findings],
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {"level": "warning", "message": {"text": f"{n.path}: {n.message}"}}
                            for n in analysis.notes
                        ],
                    }
                ],
            }
        ],
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
        "artifactLocation": {"uri": path.replace(" ", "%20"), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": line, "startColumn": column, "endLine": end},
    }
