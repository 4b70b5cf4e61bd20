"""The lines of a Markdown text that its author says, not quotes, shows as code or hides."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.lifecycle.blocks import UNSEEN, UNSEEN_BEGIN, Block, blocks

_TAG = r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)[^<>]*>|"
_IN_PARAGRAPH = re.compile(rf"\\[!-/:-@\[-`{{-~]|`+|{_TAG}{UNSEEN_BEGIN.pattern}")
_IN_HTML = re.compile(_TAG + r"<!--|<\?|<!|</(?![A-Za-z])")
_UNSEEN_IN_HTML = {"<!--": "-->", "<?": ">", "<!": ">", "</": ">"}
"""A browser takes for a comment whatever begins like one."""

_TICKS = re.compile(r"`+")
_QUOTING = frozenset({"pre", "code", "samp", "tt", "blockquote", "q", "details"})
"""Elements that quote, show as code, or fold away what is in them."""


@dataclass(frozen=True)
class OwnLine:
    """A line of a paragraph."""

    text: str
    joins_quote: bool = False
    """It is shown inside a quote, though it is not marked as one: the line above is."""


def own_lines(text: str) -> Iterator[OwnLine]:
    """Lines that begin where a line begins, in order."""
    inside: Counter[str] = Counter()
    for block in blocks(text):
        yield from _said(block, inside)


def _said(block: Block, inside: Counter[str]) -> Iterator[OwnLine]:
    """The lines of a block; `inside` counts the quoting elements that are open, and is kept.

    One that is never closed lasts to the end of the page: it does in a browser, mostly.
    """
    text = "\n".join(line.text for line in block.lines)
    at = 0
    pieces = _shown(text, inside, markdown=block.kind == "paragraph")
    start, end, quoted = next(pieces)
    for line in block.lines:
        while at >= end:
            start, end, quoted = next(pieces)
        if line.first and at >= start and not quoted:
            yield OwnLine(line.text, joins_quote=block.quoted)
        at += len(line.text) + 1
    for _ in pieces:
        pass  # the elements they open count for the blocks below


def _shown(text: str, inside: Counter[str], *, markdown: bool) -> Iterator[tuple[int, int, bool]]:
    """Pieces (start, end, whether quoted) of what shows as text; the last ends after the text."""
    pattern, unseen = (_IN_PARAGRAPH, UNSEEN) if markdown else (_IN_HTML, _UNSEEN_IN_HTML)
    closing = _closing(text) if markdown else {}
    last = {begin: text.rfind(end) for begin, end in unseen.items()}
    at = start = 0
    while special := pattern.search(text, at):
        end = special.end()
        what = special[0]
        if what[0] == "`":
            end = _after(closing[len(what)], end, len(what)) or end
        elif what in unseen and last[what] >= special.start() + 2:
            end = text.find(unseen[what], special.start() + 2) + len(unseen[what])
        elif what in unseen and not markdown:
            # In HTML as it was written nothing but its end stops it.
            inside[what] += 1
            break
        if special["name"] or end > special.end():
            yield start, special.start() + 1, bool(+inside)
            start = end
        name = (special["name"] or "").lower()
        if name in _QUOTING and not what.endswith("/>"):
            inside[name] = max(0, inside[name] + (-1 if special["end"] else 1))
        at = end
    yield start, len(text) + 1, bool(+inside)


def _closing(text: str) -> dict[int, list[int]]:
    """Where the runs of backticks begin, by their length."""
    found: dict[int, list[int]] = defaultdict(list)
    for run in _TICKS.finditer(text):
        found[len(run[0])].append(run.start())
    return found


def _after(starts: list[int], at: int, length: int) -> int:
    """The end of the first run that begins at or after `at`; 0 for none."""
    index = bisect_left(starts, at)
    return starts[index] + length if index < len(starts) else 0
