"""Markdown pieces that stay whole whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)


def fence(code: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{code.rstrip()}\n{marks}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; line breaks and bars in cells are made harmless."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines.extend("| " + " | ".join(cell(c) for c in row) + " |" for row in rows)
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text for one table cell."""
    return prose(" ".join(text.replace("|", "\\|").split()))


def code(text: str) -> str:
    """A code span on one line, whatever backticks are inside."""
    line = " ".join(text.split())
    marks = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{marks}{pad}{line}{pad}{marks}"


def prose(text: str) -> str:
    """Text that starts no HTML comment, which would hide what follows; code spans stay."""
    parts, at = [], 0
    for span in _SPAN.finditer(text):
        parts += [text[at : span.start()].replace("<!--", "&lt;!--"), span[0]]
        at = span.end()
    return "".join([*parts, text[at:].replace("<!--", "&lt;!--")])
