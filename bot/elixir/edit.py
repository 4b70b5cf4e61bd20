"""Byte-range edits: the smallest change that does the work, in the file's own style."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

from bot.core.plan import Change
from bot.elixir import nodes

LONGEST_COMPARISON = 4_000
"""Differing lines that are compared one by one; with more of them that may take seconds."""


@dataclass(frozen=True)
class Edit:
    """Replace bytes `start` to `end` of a file by `text`; equal offsets insert."""

    path: str
    start: int
    end: int
    text: str


class EditConflict(ValueError):
    """Two edits touch the same bytes, or the result no longer parses."""


def apply(files: Mapping[str, bytes], edits: Iterable[Edit]) -> tuple[Change, ...]:
    """The changes the edits make, one per file; text takes over the file's line ends.

    Raises `EditConflict` when edits overlap or a file that parsed does not parse afterwards; this
    is tree-sitter's judgement, Elixir's own parser is asked later, in a process of its own.
    """
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    return tuple(_change(path, files[path], found) for path, found in sorted(by_path.items()))


def _change(path: str, data: bytes, edits: list[Edit]) -> Change:
    crlf = b"\r\n" in data
    result = data
    limit = len(data) + 1
    for edit in sorted(edits, key=lambda e: (e.start, e.end), reverse=True):
        if edit.end > limit:
            raise EditConflict(f"edits overlap in {path!r} at byte {edit.start}")
        text = edit.text.replace("\n", "\r\n") if crlf else edit.text
        result = result[: edit.start] + text.encode() + result[edit.end :]
        limit = edit.start
    if nodes.parse(result).root_node.has_error and not nodes.parse(data).root_node.has_error:
        raise EditConflict(f"the edited {path!r} does not parse")
    return Change(path=path, before=data.decode(), after=result.decode())


def diff(changes: Iterable[Change]) -> str:
    """A unified diff that `git apply` takes."""
    return "".join(file_diff(c.path, c.before or None, c.after) for c in changes)


def file_diff(path: str, before: str | None, after: str | None) -> str:
    """The unified diff of one file; `None` where there is none before or after."""
    old = "/dev/null" if before is None else f"a/{path}"
    new = "/dev/null" if after is None else f"b/{path}"
    lines = _lines(before or ""), _lines(after or "")
    hunks = _compared if _comparable(*lines) else _whole
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in hunks(*lines, old, new)
    )


def _comparable(before: list[str], after: list[str]) -> bool:
    """Whether what differs is little enough to look for what it has in common, line by line."""
    begin = sum(1 for _ in takewhile(_same, zip(before, after, strict=False)))
    rest = before[begin:], after[begin:]
    end = sum(1 for _ in takewhile(_same, zip(rest[0][::-1], rest[1][::-1], strict=False)))
    return max(map(len, rest)) - end <= LONGEST_COMPARISON


def _same(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


def _compared(before: list[str], after: list[str], old: str, new: str) -> Iterator[str]:
    return difflib.unified_diff(before, after, old, new)


def _whole(before: list[str], after: list[str], old: str, new: str) -> Iterator[str]:
    """A diff that takes all lines out and puts all in."""
    ranges = (f"{min(1, len(lines))},{len(lines)}" for lines in (before, after))
    yield "--- {}\n+++ {}\n@@ -{} +{} @@\n".format(old, new, *ranges)
    yield from (f"-{line}" for line in before)
    yield from (f"+{line}" for line in after)


def _lines(text: str) -> list[str]:
    """Lines as git counts them: a form feed or a line separator ends none."""
    return list(io.StringIO(text, newline="\n"))


def indentation(data: bytes, offset: int) -> str:
    """White space at the start of the line that holds `offset`."""
    start = data.rfind(b"\n", 0, offset) + 1
    line = data[start : data.find(b"\n", start) if data.find(b"\n", start) != -1 else len(data)]
    return line[: len(line) - len(line.lstrip())].decode()
