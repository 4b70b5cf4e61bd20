"""What a unified diff does to which files, read by the lengths its hunks give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.core.sanitize import one_line

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


@dataclass(frozen=True)
class FileChange:
    """One file of a patch."""

    path: str
    kind: Literal["added", "deleted", "changed"]
    added: int
    removed: int

    def __str__(self) -> str:
        known = {"added": "new file, ", "deleted": "deleted, ", "changed": ""}[self.kind]
        return f"{self.path}: {known}{_lines(self.added)} added, {self.removed} removed"


def file_changes(text: str) -> tuple[FileChange, ...]:
    """Every file a patch has hunks for, in its order; empty for a text that is no patch."""
    return tuple(_changes(text.split("\n")))


def _changes(lines: list[str]) -> Iterator[FileChange]:
    n = 0
    while n < len(lines) - 2:
        old, new = _header(lines[n], "--- "), _header(lines[n + 1], "+++ ")
        if old is None or new is None or _HUNK.match(lines[n + 2]) is None:
            n += 1
            continue
        n, added, removed = _hunks(lines, n + 2)
        if new == "/dev/null":
            yield FileChange(_path(old), "deleted", added, removed)
        else:
            kind: Literal["added", "changed"] = "added" if old == "/dev/null" else "changed"
            yield FileChange(_path(new), kind, added, removed)


def _hunks(lines: list[str], n: int) -> tuple[int, int, int]:
    """Past the hunks that begin at line `n`, and how much they add and remove."""
    added = removed = 0
    while n < len(lines) and (hunk := _HUNK.match(lines[n])):
        before, after = (1 if size is None else int(size) for size in hunk.groups())
        n += 1
        while n < len(lines) and (before > 0 or after > 0):
            sign = lines[n][:1]
            added, removed = added + (sign == "+"), removed + (sign == "-")
            before -= sign in ("-", " ", "")
            after -= sign in ("+", " ", "")
            n += 1
        while n < len(lines) and lines[n].startswith("\\"):
            n += 1
    return n, added, removed


def _header(line: str, mark: str) -> str | None:
    return line.removeprefix(mark).partition("\t")[0].strip() if line.startswith(mark) else None


def _path(named: str) -> str:
    plain = named[1:-1].replace('\\"', '"') if named.startswith('"') else named
    return one_line(plain[2:] if plain[:2] in ("a/", "b/") else plain)


def _lines(count: int) -> str:
    return f"{count} {'line' if count == 1 else 'lines'}"
