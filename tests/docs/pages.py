"""The pages of docs/ as data: their code blocks, their tables, what stands in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = tuple(sorted(path.name for path in DOCS.glob("*.md")))

_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    page: str
    line: int
    info: str
    """What stands behind the opening fence: the language, then marks of ours."""
    text: str

    @property
    def language(self) -> str:
        """How it is coloured."""
        return self.info.partition(" ")[0]

    @property
    def fragment(self) -> bool:
        """Whether it is a piece that is no pipeline by itself."""
        return "fragment" in self.info.split()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Table:
    """A table, and the heading it stands under."""

    page: str
    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@cache
def text_of(page: str) -> str:
    """A page as it is written."""
    return (DOCS / page).read_text("utf-8")


def blocks(page: str) -> Iterator[Block]:
    """Every fenced block of a page."""
    opened, info, lines = 0, "", list[str]()
    for number, line in enumerate(text_of(page).splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
        elif opened:
            yield Block(page, opened, info, "\n".join(lines) + "\n")
            opened = 0
        else:
            opened, info, lines = number, line.removeprefix("```"), []


def prose(page: str) -> str:
    """A page without its blocks."""
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def tables(page: str) -> Iterator[Table]:
    """Every table of a page."""
    heading, lines = "", list[str]()
    for line in [*prose(page).splitlines(), ""]:
        if line.startswith("|"):
            lines.append(line)
            continue
        if lines:
            head, _, *rows = map(_cells, lines)
            yield Table(page, heading, head, tuple(rows))
            lines = []
        if line.startswith("#"):
            heading = line.lstrip("# ")


def codes(text: str) -> list[str]:
    """What stands in backticks."""
    return _CODE.findall(text)


def first_column(page: str, heading: str, head: str) -> set[str]:
    """The names in the first column of one table."""
    found = [t for t in tables(page) if (t.heading, t.head[0]) == (heading, head)]
    assert len(found) == 1, f"{page}: {len(found)} tables of {head!r} under {heading!r}"
    return {name for row in found[0].rows for name in codes(row[0])}


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL.split(inner))
