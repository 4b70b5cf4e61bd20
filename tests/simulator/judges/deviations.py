"""Where the local GitHub is known to differ from GitHub: a list the tests hold to both ways."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.simulator.judges import library
from tests.simulator.judges.exchanges import Verdict

LIST = Path(__file__).with_name("deviations.toml")
PAGE = library.ROOT / "docs" / "simulator" / "deviations.md"


@dataclass(frozen=True)
class Deviation:
    """One difference that the judges see. `error` is a regular expression for what they say."""

    subject: str
    """An operation id, or `webhook issues/opened`; `*` stands for any run of characters."""
    error: str
    differs: str
    why: str

    def covers(self, subject: str, error: str) -> bool:
        names = re.escape(self.subject).replace(r"\*", ".*")
        return bool(re.fullmatch(names, subject) and re.search(self.error, error))


@dataclass(frozen=True)
class Remark:
    """A difference that no judge of a single exchange can see."""

    topic: str
    differs: str
    why: str


@dataclass(frozen=True)
class Deviations:
    """The whole list."""

    seen_by_judges: Sequence[Deviation]
    remarks: Sequence[Remark]

    @classmethod
    def load(cls, path: Path = LIST) -> Deviations:
        data = tomllib.loads(path.read_text())
        return cls(
            [Deviation(**entry) for entry in data.get("deviation", [])],
            [Remark(**entry) for entry in data.get("remark", [])],
        )

    def unlisted(self, verdicts: Iterable[Verdict]) -> list[str]:
        """Errors that no entry excuses, each once."""
        found = {
            f"{verdict.subject or '?'} {verdict.status or ''}: {error}"
            for verdict in verdicts
            for error in verdict.errors
            if not any(each.covers(verdict.subject, error) for each in self.seen_by_judges)
        }
        return sorted(found)

    def gone(self, verdicts: Iterable[Verdict]) -> list[Deviation]:
        """Entries that excused nothing: to be struck from the list."""
        said = {(verdict.subject, error) for verdict in verdicts for error in verdict.errors}
        return [
            each
            for each in self.seen_by_judges
            if not any(each.covers(subject, error) for subject, error in said)
        ]

    def page(self) -> str:
        """The list in Markdown, as it stands in the documentation."""
        rows = [
            *(f"| `{each.subject}` | {each.differs} | {each.why} |" for each in self.seen_by_judges)
        ] or ["| none | | |"]
        parts = [HEAD, *rows, "", SECOND, ""]
        for remark in self.remarks:
            parts += [f"- **{remark.topic}.** {remark.differs} {remark.why}"]
        return "\n".join(parts).rstrip() + "\n"


HEAD = """\
# Where the local GitHub differs from GitHub

This page is made from `tests/simulator/judges/deviations.toml` by
`python -m tests.simulator.judges.report --write`; a test fails when it is stale.

## Seen by the judges

Every exchange and every webhook of the conformance tests is held to GitHub's published OpenAPI
descriptions. An error that is not listed here fails the tests; so does an entry that no longer
occurs.

| where | what differs | why |
|---|---|---|"""

SECOND = """\
## Seen by nobody who looks at one exchange

These were decided, not forgotten. Nothing here was compared with github.com itself, only with
its documentation and descriptions."""
