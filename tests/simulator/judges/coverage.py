"""How many exchanges and deliveries were judged, and how: the conformance of the local GitHub."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulator.judges.exchanges import Verdict


@dataclass
class Tally:
    """What was seen of one operation or webhook kind."""

    valid: int = 0
    invalid: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def seen(self) -> int:
        return self.valid + self.invalid

    def add(self, verdict: Verdict) -> None:
        if verdict.valid:
            self.valid += 1
        else:
            self.invalid += 1
        if verdict.status:
            self.statuses[verdict.status] += 1
        self.errors.update(verdict.errors)


@dataclass
class Coverage:
    """Tallies by subject: an operation id, or `webhook issues/opened`."""

    tallies: dict[str, Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Coverage:
        coverage = cls()
        for verdict in verdicts:
            coverage.tallies.setdefault(verdict.subject, Tally()).add(verdict)
        return coverage

    def table(self) -> str:
        """A line for each subject, errors below it, sums at the end."""
        lines = [f"{'':<52} {'seen':>5} {'valid':>5} {'bad':>4}  statuses"]
        for subject, tally in sorted(self.tallies.items(), key=_operations_first):
            statuses = ", ".join(f"{s} x{n}" for s, n in sorted(tally.statuses.items()))
            name = subject or "(not described)"
            lines.append(
                f"{name:<52} {tally.seen:>5} {tally.valid:>5} {tally.invalid:>4}  {statuses}"
            )
            lines += [f"    {count} x {error}" for error, count in tally.errors.most_common(5)]
        return "\n".join([*lines, "", *self._sums()])

    def _sums(self) -> list[str]:
        kinds = {
            "operations": [t for s, t in self.tallies.items() if not s.startswith("webhook ")],
            "webhook kinds": [t for s, t in self.tallies.items() if s.startswith("webhook ")],
        }
        return [
            f"{len(tallies)} {name}, {sum(t.seen for t in tallies)} judged, "
            f"{sum(t.valid for t in tallies)} valid; "
            f"{sum(not t.invalid for t in tallies)} of {len(tallies)} {name} without any error"
            for name, tallies in kinds.items()
        ]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({s: t.__dict__ for s, t in self.tallies.items()}, indent=1))

    @classmethod
    def load(cls, path: Path) -> Coverage:
        data: dict[str, Any] = json.loads(path.read_text())
        return cls({subject: _tally(each) for subject, each in data.items()})


def _tally(data: dict[str, Any]) -> Tally:
    statuses = Counter({int(status): count for status, count in data["statuses"].items()})
    return Tally(data["valid"], data["invalid"], statuses, Counter(data["errors"]))


def _operations_first(item: tuple[str, Tally]) -> tuple[bool, str]:
    return item[0].startswith("webhook "), item[0]
