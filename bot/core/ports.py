"""What the layers ask of each other where neither may import the other."""

from __future__ import annotations

from typing import Protocol

from bot.core.finding import Finding
from bot.core.model import Record


class CommandResult(Record):
    """A finished program; the data of `command` and `mix` steps."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False
    passed: bool
    """Ended in time with exit code 0, and its output bears that out."""
    summary: str = ""
    """What the output shows where the exit code alone would mislead: `2 tests, 0 failures`."""


class Match(Record):
    """One line a search found."""

    path: str
    line: int
    """1-based."""
    text: str


class Edited(Record):
    """What a write did to one file, or would do."""

    path: str
    diff: str
    """Unified diff of this one write; empty when nothing changed."""
    created: bool = False
    replacements: int = 0
    """How many places an `edit` replaced."""
    problem: str = ""
    """Where the Elixir file, as written, does not parse: `line 12: missing end`."""


class FunctionOutline(Record):
    """One function of a module."""

    name: str
    arity: int
    kind: str
    """`def`, `defp`, `defmacro`, ..."""
    line: int
    documented: bool = False
    """Has a `@doc` that is not false."""


class ModuleOutline(Record):
    """One Elixir module, as far as the source tells."""

    name: str
    path: str
    line: int
    behaviours: tuple[str, ...] = ()
    """Declared or used, such as `GenServer`."""
    functions: tuple[FunctionOutline, ...] = ()
    references: tuple[str, ...] = ()
    """Modules it names, resolved through aliases; its own and nested ones left out."""


class Workspace(Protocol):
    """The code base as tools see it: confined, sandboxed, restorable. `Codebase` is one.

    Paths are relative with forward slashes. Every method raises `Refused` for a path outside.
    """

    def read(self, path: str) -> str:
        """The file's text; raises `Refused` when it is missing, too large or no UTF-8."""

    def write(self, path: str, content: str) -> Edited:
        """Create or replace one file."""

    def edit(
        self, path: str, old: str, new: str, *, every: bool = False, dry_run: bool = False
    ) -> Edited:
        """Replace `old`, which must occur exactly once unless `every`; raises `NoMatch`."""

    def remove(self, path: str) -> Edited:
        """Delete one file."""

    def copy(self, source: str, destination: str) -> None:
        """Put a file's bytes and mode in another place, over the file that may be there."""

    def size(self, path: str) -> int:
        """How many bytes the file has, text or not; raises `Refused` when it is missing."""

    def list(self, pattern: str = "**/*") -> tuple[str, ...]:
        """Files that match a glob, sorted; build output and dependencies are left out."""

    def search(
        self, pattern: str, *, glob: str = "**/*", literal: bool = False, limit: int = 200
    ) -> tuple[Match, ...]:
        """Lines that match a regular expression, or hold a literal text; at most `limit` of them.

        Ask for one more than is shown to know whether there is more. Files that are no text, or
        too large to be source, are passed over. Raises `Refused` for a pattern that is wrong or
        takes too long.
        """

    def outline(self, path: str) -> str:
        """Modules, behaviours and function heads of one Elixir file, with line numbers."""

    def modules(self) -> tuple[ModuleOutline, ...]:
        """Every module of the tree, in order of path and line."""

    def skeleton(self, *, max_tokens: int | None = None) -> str:
        """The whole code base as signatures, behaviours and supervision trees."""

    def findings(
        self, *, rules: tuple[str, ...] = (), paths: tuple[str, ...] = ()
    ) -> tuple[Finding, ...]:
        """What the analyser says of the tree as it is now; empty filters mean all."""

    def diff(self) -> str:
        """Everything that differs from where the work began, as a patch."""

    def mix(self, task: str, args: tuple[str, ...] = (), *, timeout: float = 900) -> CommandResult:
        """Run one mix task of the allow-list in the sandbox; raises `Refused` or `Unusable`."""

    def run_test(self, paths: tuple[str, ...] = ()) -> CommandResult:
        """`mix test`; `passed` only when tests were seen to run and none failed."""

    def run_credo(self) -> CommandResult:
        """`mix credo --strict --format json`."""

    def snapshot(self) -> str:
        """Remember the tree as it is; gives a name for `restore`."""

    def restore(self, snapshot: str) -> None:
        """Back to a snapshot, new files removed, deleted ones returned."""
