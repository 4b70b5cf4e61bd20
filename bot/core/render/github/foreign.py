"""What strangers, models and logs wrote, made harmless inside a body of ours.

Outside of code a mention, a reference, a link, an image or a tag would be live: it notifies people,
closes issues, leaves traces in other repositories. A zero-width space takes the life out of them
and leaves them readable; in code they are not live, and nothing is changed.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from textwrap import shorten
from typing import Literal

from bot.core.render.markdown import fence
from bot.core.sanitize import one_line, strip_hidden

NOTHING = "&#8203;"
"""A zero-width space that one can see in the source."""

_LIVE = re.compile(
    r"&(?=[#\w])|<(?=[A-Za-z/!?])|@(?=\w)|#(?=\d)|\](?=[(:\[])|:(?=//)|~(?=~~)"
    r"|\bwww(?=\.)|\bGH-(?=\d)",
    re.IGNORECASE,
)
Kind = Literal["text", "code", "ticks"]
_TICKS = re.compile(r"`+")
_OPENING = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_COMMAND = re.compile(r"^(?=/genesis)", re.IGNORECASE | re.MULTILINE)


def inline(text: str, limit: int = 300) -> str:
    """`text` on one line of at most about `limit` characters; code spans stay code."""
    line = shorten(one_line(text[: 20 * limit]), limit, placeholder=" …")
    return _tame(line, escapes=False)


def document(markdown: str) -> str:
    """Markdown of many lines, with its code blocks as they are; what is left open is closed."""
    out: list[str] = []
    mark = ""
    for line in strip_hidden(markdown).split("\n"):
        opening = _OPENING.match(line)
        if mark:
            out.append(line)
            mark = "" if _closes(line, mark) else mark
        elif opening:
            # Only at the first column: there no list or quote can end the code before its fence.
            mark = opening[1] or opening[2]
            out.append(mark + _tame(line[len(mark) :]))
        else:
            out.append(_tame(line))
    return "\n".join([*out, mark] if mark else out)


def log(text: str) -> str:
    """Output of a program, as a block of code."""
    return fence(strip_hidden(text), "text")


def silent(body: str) -> str:
    """A whole body without a line that a bot could take for a command."""
    return _COMMAND.sub(" ", body)


def _closes(line: str, mark: str) -> bool:
    bare = line.strip(" \t")
    indented = len(line) - len(line.lstrip(" \t")) > 3
    return not indented and bare.startswith(mark) and not bare.strip(mark[0])


def _tame(line: str, *, escapes: bool = True) -> str:
    """One line; a backtick without a partner on it must not pair up with one on another line.

    With `escapes` a backslash is Markdown's, else it is a backslash.
    """
    out = []
    for part, kind in _parts(line, escapes):
        if kind == "ticks":
            out.append("&#96;" * len(part))
        # A bar ends a span of code where the line is the row of a table.
        elif kind == "code" and "|" not in part:
            out.append(part)
        else:
            out.append(_neutral(part, escapes))
    return "".join(out)


def _neutral(text: str, escapes: bool) -> str:
    tame = _LIVE.sub(rf"\g<0>{NOTHING}", text)
    return tame if escapes else tame.replace("\\", "&#92;")


def _parts(line: str, escapes: bool) -> Iterator[tuple[str, Kind]]:
    """The line in pieces; `ticks` stand for themselves. In linear time."""
    runs = list(_TICKS.finditer(line))
    later: dict[int, deque[int]] = defaultdict(deque)
    for index, run in enumerate(runs):
        later[len(run[0])].append(index)
    at = index = 0
    while index < len(runs):
        run = runs[index]
        partners = later[len(run[0])]
        while partners and partners[0] <= index:
            partners.popleft()
        before = line[at : run.start()]
        escaped = escapes and (len(before) - len(before.rstrip("\\"))) % 2 == 1
        if partners and not escaped:
            yield before, "text"
            index = partners[0]
            yield line[run.start() : runs[index].end()], "code"
        else:
            yield (before[:-1] if escaped else before), "text"
            yield run[0], "ticks"
        at = runs[index].end()
        index += 1
    yield line[at:], "text"
