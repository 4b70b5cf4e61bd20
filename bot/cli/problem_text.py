"""How the problems of pipeline files read: as compilers write them, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core.render.paint import Paint
from bot.core.sanitize import one_line

if TYPE_CHECKING:
    from bot.pipeline.checks.problems import Problem

_STYLES = {"error": "bold red", "warning": "yellow"}


def as_text(files: Sequence[Path], problems: Sequence[Problem], paint: Paint) -> str:
    """`file:line:column: error: keys: message`, one a line, then how many."""
    lines = [_line(problem, paint) for problem in problems]
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    many = f"{len(files)} pipelines" if len(files) != 1 else "1 pipeline"
    if not problems:
        return f"{many}: nothing is wrong"
    return "\n".join([*lines, f"{many}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"])


def _line(problem: Problem, paint: Paint) -> str:
    where = ":".join(str(part) for part in (problem.path, problem.line, problem.column) if part)
    kind = paint(f"{problem.severity}:", _STYLES.get(problem.severity, ""))
    return f"{where}: {kind} {one_line(problem.text())}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def as_json(files: Sequence[Path], problems: Sequence[Problem]) -> dict[str, Any]:
    """For machines."""
    return {
        "files": [str(file) for file in files],
        "problems": [
            {
                "severity": problem.severity,
                "path": problem.path,
                "line": problem.line,
                "column": problem.column,
                "key": problem.keys,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in problems
        ],
    }
