"""What verification observed. A verdict needs positive evidence; its absence is a verdict too."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.core.model import Record

Status = Literal["passed", "failed", "flaky", "cannot-build", "timed-out", "not-run"]
Proof = Literal["behavioural", "traced", "structural", "none"]
"""How far a fix is proved (`structural`: re-detection plus an unchanged suite, never more)."""


UNSEEN = "path dependencies are not seen by the build, which is made in a work tree of its own:"
"""How the reason begins where a folder that mix.exs names by path is not to be seen."""


FLAKY = "flaky: "
"""How the reason begins where a test contradicted itself, so that nobody knows what did it."""


class Diagnostic(Record):
    """One compiler, Credo or formatter message."""

    tool: Literal["compile", "format", "credo"]
    severity: Literal["error", "warning"]
    path: str = ""
    line: int = 0
    message: str


class TestResult(Record):
    """One ExUnit test, as our formatter reported it."""

    __test__ = False

    module: str
    name: str
    file: str
    line: int
    state: Literal["passed", "failed", "skipped", "excluded", "invalid"]
    microseconds: int = 0
    failure: str = ""


class CheckResult(Record):
    """One check (`compile`, `format`, `credo`, `test`, a gate) and what it showed."""

    name: str
    status: Status
    summary: str
    """One line for a person."""
    argv: tuple[str, ...] = ()
    returncode: int | None = None
    seconds: float = 0.0
    diagnostics: tuple[Diagnostic, ...] = ()
    tests: tuple[TestResult, ...] = ()
    output_tail: str = ""
    """The end of both streams, for the next attempt's context."""


class Baseline(Record):
    """The state of the base commit that a change is compared with."""

    tree: str
    """Git tree id it was taken for."""
    elixir: str = ""
    buildable: bool
    reason: str = ""
    """Why it cannot be built here, naming what is missing; empty when it can."""
    checks: tuple[CheckResult, ...] = ()
    flaky: tuple[str, ...] = ()
    """`Module test name` of tests that did not agree between baseline runs."""
    formatted: tuple[str, ...] = ()
    """Paths that were at the formatter's fixpoint."""
    elsewhere: str = ""
    """Why nothing of the repository is run here; its checks are somebody else's."""

    @property
    def obstacle(self) -> str:
        """Why no change can be verified against this base, empty where one can."""
        if self.elsewhere:
            return ""
        if not self.buildable:
            return f"cannot build here: {self.reason}"
        suite = next((c for c in self.checks if c.name == "test"), None)
        if suite is None or not any(t.state in ("passed", "failed") for t in suite.tests):
            return "cannot verify here: the project has no tests that run"
        return ""

    @property
    def remedy(self) -> str:
        """What to do about the obstacle."""
        if self.reason.startswith(UNSEEN):
            return (
                "name each by a literal `path:` to a folder whose own mix.exs has that name as"
                " `app:`, or keep it in the repository"
            )
        return "make `mix test` work here"


class Verdict(Record):
    """The judgement of one attempt: only what is new against the baseline fails it."""

    status: Status
    proof: Proof = "none"
    checks: tuple[CheckResult, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why it is not `passed`, one sentence each; they go into the next attempt."""
    fingerprint: str = ""
    """Hash of the normalised failure; the same one twice stops the loop."""
    elsewhere: str = ""
    """Why nothing was run for it: it tells of the gates alone, and the checks are still to come."""


class Attempt(Record):
    """One try at one action; stored in the plan's ref."""

    action: str
    number: int
    verdict: Verdict
    diff: str = ""
    commit: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = Field(default_factory=tuple)
