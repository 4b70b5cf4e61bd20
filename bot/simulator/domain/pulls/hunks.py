"""The lines of a patch: which there are, and where a line has gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.simulator.records.pulls import Side

HEADER = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True)
class PatchLine:
    """`position` counts from the first hunk's header on, which is 0, over all hunks.

    `left` and `right` are line numbers; None on the side where the line is not.
    """

    position: int
    left: int | None
    right: int | None
    hunk: int
    """Where in the patch its hunk begins, as a position."""
    text: str

    def number(self, side: Side) -> int | None:
        return self.left if side == "LEFT" else self.right


def lines_of(patch: str) -> list[PatchLine]:
    """Hunk headers and `\\ No newline` are counted, but no line is at them."""
    return list(_lines(patch))


def _lines(patch: str) -> Iterator[PatchLine]:
    left = right = hunk = 0
    inside = False
    for position, text in enumerate(patch.split("\n")):
        if header := HEADER.match(text):
            left, right, hunk, inside = int(header[1]), int(header[3]), position, True
        elif not inside:
            continue
        elif text.startswith("-"):
            yield PatchLine(position, left, None, hunk, text)
            left += 1
        elif text.startswith("+"):
            yield PatchLine(position, None, right, hunk, text)
            right += 1
        elif text.startswith(" "):
            yield PatchLine(position, left, right, hunk, text)
            left, right = left + 1, right + 1


def line_at(lines: Sequence[PatchLine], side: Side, number: int) -> PatchLine | None:
    return next((line for line in lines if line.number(side) == number), None)


def excerpt(patch: str, line: PatchLine) -> str:
    """The `diff_hunk` of a comment: from the hunk's header down to the line."""
    return "\n".join(patch.split("\n")[line.hunk : line.position + 1])


def whereabouts(patch: str, number: int) -> int | None:
    """The number that an unchanged line has after the change; None for one that went."""
    shift = 0
    for header in HEADER.finditer(patch):
        start, old = int(header[1]), int(header[2] or 1)
        new = int(header[4] or 1)
        first = start if old else start + 1
        if number < first:
            break
        if number < first + old:
            found = line_at(lines_of(patch), "LEFT", number)
            return None if found is None else found.right
        shift += new - old
    return number + shift
