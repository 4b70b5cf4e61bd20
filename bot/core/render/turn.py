"""What a job that reacted did, in words: for the page of its run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.render.markdown import code
from bot.core.sanitize import one_line, strip_comments

MOST_ROWS = 100


@dataclass(frozen=True)
class TurnRow:
    """One plan."""

    plan: str
    status: str
    stages: str
    """`1 merged, 2 running`."""
    done: tuple[str, ...]
    """Kinds of the commands carried out."""
    problems: tuple[str, ...]


def turn_page(rows: Sequence[TurnRow], problems: Iterable[str]) -> str:
    """Markdown; says so where there was nothing to do."""
    shown = [row for row in rows if row.status]
    table = [
        f"| #{row.plan} | {row.status} | {row.stages} | {', '.join(row.done) or 'nothing'} |"
        for row in shown[:MOST_ROWS]
    ]
    more = len(shown) - MOST_ROWS
    head = ["| plan | status | stages | done |", "|---|---|---|---|"]
    told = [(f"plan {row.plan}", problem) for row in rows for problem in row.problems]
    told += [("", problem) for problem in problems]
    lines = [f"- {where}: {_cell(text)}" if where else f"- {_cell(text)}" for where, text in told]
    parts = ["## Plans"]
    parts += ["\n".join([*head, *table])] if table else ["Nothing moved."]
    parts += [f"And {more} more."] if more > 0 else []
    parts += ["### Problems\n\n" + "\n".join(lines)] if lines else []
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    return code(one_line(strip_comments(text))[:500])
