"""What steps need from the world; callers implement these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from bot.core.finding import Analysis
from bot.core.model import Record
from bot.core.ports import CommandResult as CommandResult
from bot.core.ports import Workspace
from bot.core.verdict import Verdict
from bot.errors import Refused

T = TypeVar("T")


class CodemodResult(Record):
    """What a codemod did to the work tree; the data of `codemod` steps."""

    status: Literal["applied", "unchanged", "needs-decision", "needs-model"]
    files: tuple[str, ...] = ()
    """Paths that changed."""
    diff: str = ""
    reason: str = ""
    """Why it is not `applied`, for a person."""


class GitResult(Record):
    """What a git operation found or did; the data of `git` steps."""

    operation: str
    commit: str = ""
    """The new commit, for `commit`."""
    files: tuple[str, ...] = ()
    """Paths that differ, were committed or undone."""
    diff: str = ""
    message: str = ""


class CommandRunner(Protocol):
    """Runs an allow-listed program in the work tree."""

    @property
    def allowed(self) -> frozenset[str]:
        """Program names it may run."""

    def run(self, argv: tuple[str, ...], *, timeout: float) -> CommandResult:
        """Run to the end or to the deadline."""


class MixService(Protocol):
    """Runs mix tasks of the allow-list in the work tree."""

    def run(self, task: str, args: tuple[str, ...], *, timeout: float) -> CommandResult:
        """Raises `Refused` for a task that is not on the list."""


class GitService(Protocol):
    """The work tree's uncommitted change, and what becomes of it."""

    def diff(self) -> GitResult:
        """What differs from the last commit, new files included."""

    def status(self) -> GitResult:
        """The paths that differ."""

    def commit(self, message: str, *, action: str) -> GitResult:
        """Commit everything that differs; raises `Refused` when nothing does."""

    def undo(self) -> GitResult:
        """Back to the last commit, new files included."""


class CodemodService(Protocol):
    """Changes files in the work tree."""

    def apply(self, action: str, *, feedback: Any) -> CodemodResult:
        """Carry out the plan's action; raises `Unusable` for an unknown id."""

    def begin(self, action: str) -> CodemodResult:
        """Stand where the action belongs, its attempt begun; something else makes the change."""

    def write(self, path: str, content: str) -> CodemodResult:
        """Write one file; raises `Refused` for a path outside or protected."""


class AnalyzeService(Protocol):
    """The static analyser on the work tree."""

    def analyze(self, *, rules: tuple[str, ...], paths: tuple[str, ...]) -> Analysis:
        """Empty `rules` and `paths` mean all."""


class VerifyService(Protocol):
    """Checks the work tree against the baseline."""

    def verify(self, action: str, *, tests: tuple[str, ...]) -> Verdict:
        """The verdict on the uncommitted change for `action` (empty: on the tree alone)."""


class FileReader(Protocol):
    """Reads files a prompt may quote."""

    def read(self, path: str) -> str:
        """Raises `Refused` for a path that is not readable from here."""


@dataclass(frozen=True)
class Services:
    """Everything a run provides; a step that needs what is missing fails with its name."""

    mix: MixService | None = None
    git: GitService | None = None
    codemod: CodemodService | None = None
    analyze: AnalyzeService | None = None
    verify: VerifyService | None = None
    commands: CommandRunner | None = None
    files: FileReader | None = None
    codebase: Workspace | None = None
    """The code base as one object: `file_ops`, `codebase_query`, `agent` and prompt parts."""


def require(service: T | None, name: str, step: str) -> T:
    """The service, or `Refused` naming the step that needs it."""
    if service is None:
        raise Refused(f"step {step!r} needs {name}, which this run does not provide")
    return service
