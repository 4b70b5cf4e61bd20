"""Credo's answer: JSON on stdout, and the notes on stderr that its exit code does not tell."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.core.verdict import Diagnostic

_UNPARSED = "Some source files could not be parsed"
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
    unparsed = tuple(_LISTED.findall(stderr)) if _UNPARSED in stderr else ()
    return CredoReport(issues, unparsed, tuple(_UNKNOWN_CHECK.findall(stderr)))


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
