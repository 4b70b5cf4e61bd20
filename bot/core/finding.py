"""What the analyser says about a code base.

Lines and columns are 1-based, byte offsets 0-based and half-open, paths relative to the
repository's root with forward slashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from bot.core.model import Record

Severity = Literal["error", "warning", "info"]
Confidence = Literal["high", "medium", "low"]
FixKind = Literal["automatic", "assisted", "advice"]
Category = Literal[
    "unsupervised-process",
    "supervision",
    "volatile-state",
    "messaging",
    "god-process",
    "telemetry",
    "blocking",
    "resources",
    "errors",
    "configuration",
    "tests",
]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""Most severe first."""


class Evidence(Record):
    """One place in the code that makes a finding true."""

    path: str
    line: int
    end_line: int
    code: str
    """The quoted lines, exactly as they stand in the file."""
    note: str
    """Why this place matters, one sentence."""


class Finding(Record):
    """A place where a rule holds, with what makes it true."""

    id: str
    """Stable under line shifts: `<rule>-<10 hex digits>` over path, scope and the quoted code."""
    rule: str
    category: Category
    stage: int
    severity: Severity
    confidence: Confidence
    fix: FixKind
    path: str
    line: int
    end_line: int
    column: int
    start_byte: int
    end_byte: int
    module: str = ""
    function: str = ""
    """`name/arity` of the enclosing function, empty in a module body."""
    message: str
    code: str
    """The lines `line` to `end_line`, exactly as they stand in the file."""
    evidence: tuple[Evidence, ...] = ()
    data: dict[str, str] = Field(default_factory=dict)
    """What a codemod needs to know, by rule."""


class Exempted(Record):
    """A site of a rule's pattern that is no finding, and why."""

    rule: str
    exemption: str
    """Name of the exemption, as the rule declares it."""
    reason: str
    path: str
    line: int
    end_line: int
    code: str


class Suppressed(Record):
    """A finding that a comment in the code takes out of the count, and why."""

    finding: Finding
    reason: str
    """What the comment says."""
    line: int
    """Where the comment stands, in the finding's file."""


class Listed(Record):
    """A finding as a baseline lists it: what finds it again, and what people know it by."""

    id: str
    rule: str
    path: str
    module: str = ""
    function: str = ""
    message: str = ""


class Note(Record):
    """What the analysis could not look at fully, or a comment to it without effect, and why."""

    path: str
    """`.` where it is about the whole project."""
    kind: Literal[
        "unparsed", "not-utf8", "too-large", "outside", "unreadable", "unfinished", "comment"
    ]
    message: str
    line: int = 0


class Child(Record):
    """One child specification in a supervisor's list."""

    id: str
    module: str = ""
    """Fully resolved module that is started, empty where it is not static."""
    restart: str = "permanent"
    kind: Literal["worker", "supervisor", "unknown"] = "worker"
    path: str
    line: int
    code: str


class SupervisorNode(Record):
    """One supervisor with its children in start order."""

    name: str
    """Module of a module-based supervisor, or `<module>'s children` of an inline one."""
    module: str
    strategy: str = ""
    """Empty where it is not a literal."""
    path: str
    line: int
    end_line: int
    children: tuple[Child, ...] = ()
    literal: bool = True
    """False where children are added by code that is not a plain list."""


class SupervisionTree(Record):
    """Application -> supervisors -> children, one per OTP application of the repository."""

    app: str
    application: str = ""
    """The Application callback module; empty for a library."""
    root: str = ""
    """`name` of the root supervisor."""
    supervisors: tuple[SupervisorNode, ...] = ()


class Analysis(Record):
    """Everything one analyser run found; the JSON form of `genesis analyze`."""

    schema_version: Literal[1] = 1
    commit: str = ""
    """Empty when the tree is not a commit."""
    files: int
    lines: int
    modules: int
    findings: tuple[Finding, ...]
    known: tuple[Finding, ...] = ()
    """Findings that were there before, in a baseline or at another revision: none of `findings`."""
    suppressed: tuple[Suppressed, ...] = ()
    exempted: tuple[Exempted, ...] = ()
    stale: tuple[Listed, ...] = ()
    """What the baseline lists and nobody finds any more."""
    notes: tuple[Note, ...] = ()
    trees: tuple[SupervisionTree, ...] = ()
    rules: tuple[str, ...] = ()
    """Ids of the rules that ran."""
    cached: int = 0
    """Of how many files everything was known from an earlier analysis; it changes nothing else."""

    @property
    def everything(self) -> tuple[Finding, ...]:
        """What was found, also where it is known or suppressed."""
        return (*self.findings, *self.known, *(s.finding for s in self.suppressed))


def at_least(findings: Iterable[Finding], level: str) -> tuple[Finding, ...]:
    """Those of a severity and above; none for `never`."""
    if level == "never":
        return ()
    limit = [str(s) for s in SEVERITIES].index(level)
    return tuple(f for f in findings if SEVERITIES.index(f.severity) <= limit)
