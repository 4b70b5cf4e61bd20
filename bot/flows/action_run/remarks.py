"""Lines the runner shows beside the code: findings, new diagnostics, failing tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.core.finding import SEVERITIES, Finding
from bot.flows.stage_run.account import annotation

MOST_OF_A_KIND = 10
"""GitHub shows no more errors, warnings or notices of one step."""

KINDS = {"error": "error", "warning": "warning", "info": "notice"}


@dataclass(frozen=True)
class Remark:
    """One thing to say at a place; without a path it stands beside the run."""

    kind: str
    title: str
    message: str
    path: str = ""
    line: int = 0
    end_line: int = 0
    column: int = 0

    def text(self) -> str:
        """The command the runner reads."""
        end = self.end_line if self.end_line > self.line else 0
        # With an end on another line, a column would be refused.
        column = 0 if end else self.column
        place: dict[str, str | int] = {}
        if self.path:
            place = {"file": self.path, "line": self.line, "endLine": end, "col": column}
        return annotation(self.kind, self.title, self.message, **place)


def of_findings(findings: Iterable[Finding]) -> Iterator[Remark]:
    """The most severe first."""
    for finding in sorted(findings, key=lambda f: SEVERITIES.index(f.severity)):
        yield Remark(
            KINDS[finding.severity],
            finding.rule,
            f"{finding.message}\nWhat it is and how to fix it: genesis explain {finding.rule}",
            finding.path,
            finding.line,
            finding.end_line,
            finding.column,
        )


def shown(remarks: Iterable[Remark]) -> tuple[str, ...]:
    """Those the runner would show, as lines; what is left out is counted."""
    counts: Counter[str] = Counter()
    lines: list[str] = []
    for remark in remarks:
        counts[remark.kind] += 1
        if counts[remark.kind] <= MOST_OF_A_KIND:
            lines.append(remark.text())
    left = sum(max(0, count - MOST_OF_A_KIND) for count in counts.values())
    if left:
        lines.append(f"{left} more are on the page of the run and in the report")
    return tuple(lines)
