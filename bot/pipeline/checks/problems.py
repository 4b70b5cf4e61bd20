"""What is wrong with a pipeline file: every problem once, at its place, the first one first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from bot.errors import ConfigError
from bot.pipeline.language.step_base import At as At
from bot.strict_yaml import Document


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend; an `error` keeps the file from loading, a `warning` does not."""

    path: str
    line: int
    column: int
    keys: str
    """The keys that lead there, such as `steps.2.when`; empty for the file as a whole."""
    message: str
    severity: Literal["error", "warning"] = "error"
    hint: str = ""

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        return f"{where}: {self.text()}"

    def text(self) -> str:
        """Everything but the file, the line and the column."""
        said = f"{self.keys}: {self.message}" if self.keys else self.message
        return f"{said} ({self.hint})" if self.hint else said

    def error(self, others: int = 0) -> ConfigError:
        """The same as an error to raise, which counts the problems beside it."""
        more = f" (and {others} more problem{'s' if others > 1 else ''})" if others else ""
        return ConfigError(
            f"{self.keys}: {self.message}{more}" if self.keys else f"{self.message}{more}",
            path=self.path,
            line=self.line,
            column=self.column,
            hint=self.hint,
        )


def of_error(error: ConfigError) -> Problem:
    """A problem that ended the reading of a file."""
    return Problem(error.path, error.line, error.column, "", error.bare, hint=error.hint)


@dataclass
class Report:
    """Collects the problems of one file, and of the files it calls."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

    def add(
        self,
        message: str,
        at: At,
        *,
        hint: str = "",
        severity: Literal["error", "warning"] = "error",
        line: int = 0,
    ) -> None:
        """A problem at a path in the workflow; `line` counts within a text of several lines."""
        rooted_at = rooted(self.document, at)
        where = self.document.position(rooted_at, line=line)
        keys = ".".join(map(str, at))
        self.problems.append(Problem(self.document.path, *where, keys, message, severity, hint))

    def take(self, error: ConfigError) -> None:
        """A problem that was raised."""
        self.problems.append(of_error(error))

    def warn(self, message: str, at: At, *, hint: str = "") -> None:
        """Something that loads and runs, and is hardly meant."""
        self.add(message, at, hint=hint, severity="warning")

    def sorted(self) -> tuple[Problem, ...]:
        """This file's problems in the order of the file, then those of the files it calls."""
        own = self.document.path
        return tuple(sorted(set(self.problems), key=lambda p: (p.path != own, p)))


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Only what keeps the file from loading."""
    return [problem for problem in problems if problem.severity == "error"]


def rooted(document: Document, at: At) -> At:
    """A path inside the workflow as a path inside the document."""
    if isinstance(document.value, list):
        return at[1:] if at[:1] == ("steps",) else ()
    return ("workflow", *at)
