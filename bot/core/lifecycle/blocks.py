"""The blocks of a Markdown text, as far as they tell what is said from what is quoted or code.

CommonMark's containers (quotes, list items) and leaves (paragraphs, code, HTML) in one pass over
the lines, in linear time. A real parser would be a dependency of the core, and quadratic on what
strangers can write; the tests hold this one to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.core.lifecycle.line_cursor import Cursor

MAX_DEPTH = 20
"""Containers in each other; what is deeper is taken for text."""

_FENCE = re.compile(r"(`{3,})(?=[^`]*$)|(~{3,})")
_RULE = re.compile(r"(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})$")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_ITEM = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)])(?=[ \t]|$)")
_ONE_TAG = re.compile(r"(?:<[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>|</[a-z][a-z0-9-]*\s*>)[ \t]*$", re.I)
_BLOCK_TAG = re.compile(
    r"</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd"
    r"|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]"
    r"|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup"
    r"|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)"
    r"(?:\s|/?>|$)",
    re.I,
)
_VERBATIM = re.compile(r"<(pre|script|style|textarea)(?:\s|>|$)", re.I)
_VERBATIM_END = re.compile(r"</(?:pre|script|style|textarea)>", re.I)
UNSEEN: Mapping[str, str] = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>", "<!": ">"}
"""HTML that shows nothing and goes on over blank lines, by its beginning and its end."""

UNSEEN_BEGIN = re.compile(r"<!--|<\?|<!\[CDATA\[|<!(?=[A-Za-z])")

_QUOTE = 0
"""In the list of containers; an item of a list is the columns its content is indented by."""


@dataclass(frozen=True)
class Line:
    """One line of a block, without the marks of its containers."""

    text: str
    first: bool
    """It begins where the line begins: no container and no blank stands before it."""


@dataclass
class Block:
    """A paragraph, or HTML as it was written; code is left out, and HTML that shows nothing."""

    kind: Literal["paragraph", "html"]
    quoted: bool
    lines: list[Line] = field(default_factory=list)


@dataclass
class _Fence:
    mark: str


@dataclass
class _Html:
    until: re.Pattern[str] | None
    """None: a blank line."""
    shows: bool = True
    block: Block | None = None


_Start = _Fence | _Html | Literal["other"]


def blocks(text: str) -> list[Block]:
    """The blocks of a text in order."""
    scanner = _Scanner()
    for line in text.split("\n"):
        scanner.take(line)
    return scanner.found


class _Scanner:
    def __init__(self) -> None:
        self.found: list[Block] = []
        self._containers: list[int] = []
        self._leaf: Block | _Fence | _Html | None = None
        self._over = False
        self._empty_item = False
        """The innermost item has nothing in it yet; a blank line ends it then."""

    def take(self, text: str) -> None:
        if self._over:
            return
        line = Cursor(text)
        kept = self._descend(line)
        whole = kept == len(self._containers)
        if whole and isinstance(self._leaf, _Fence | _Html):
            self._go_on(self._leaf, line)
            return
        if isinstance(self._leaf, _Html) and self._leaf.until is not None:
            # Its container ends without it: a browser does not see where, and shows nothing more.
            self._over = True
            return
        if not isinstance(self._leaf, Block):
            self._leaf = None
        if line.blank:
            self._blank(kept)
            return
        if isinstance(self._leaf, Block) and whole and self._underlined(line):
            return
        opened = self._open_containers(line, kept, whole)
        self._take_leaf(line, kept, opened)

    def _descend(self, line: Cursor) -> int:
        """How many of the open containers the line is in; their marks are left behind."""
        for depth, width in enumerate(self._containers):
            if width == _QUOTE:
                if line.indent > 3 or line.char != ">":
                    return depth
                line.skip_quote()
            elif line.blank:
                if self._empty_item and depth == len(self._containers) - 1:
                    return depth
            elif line.indent < width:
                return depth
            else:
                line.skip_columns(width)
        return len(self._containers)

    def _go_on(self, leaf: _Fence | _Html, line: Cursor) -> None:
        if isinstance(leaf, _Fence):
            rest = line.rest.strip(" \t")
            if line.indent <= 3 and rest.startswith(leaf.mark) and not rest.strip(leaf.mark[0]):
                self._leaf = None
            return
        if leaf.until is None and line.blank:
            self._leaf = None
            return
        if leaf.block is not None:
            leaf.block.lines.append(_line(line))
        if leaf.until is not None and leaf.until.search(line.rest):
            self._leaf = None

    def _blank(self, kept: int) -> None:
        del self._containers[kept:]
        self._leaf = None
        self._empty_item = False

    def _underlined(self, line: Cursor) -> bool:
        """Whether the line makes a heading of the paragraph above."""
        if line.indent > 3 or not _UNDERLINE.match(line.text, line.start):
            return False
        self._leaf = None
        return True

    def _open_containers(self, line: Cursor, kept: int, whole: bool) -> bool:
        """Open the containers that begin on the line; whether there are any."""
        opened = False
        while not line.blank and line.indent <= 3 and len(self._containers) < MAX_DEPTH:
            in_paragraph = isinstance(self._leaf, Block) and whole and not opened
            if line.char == ">":
                self._close(kept, opened)
                line.skip_quote()
                self._containers.append(_QUOTE)
            elif not self._open_item(line, kept, opened, in_paragraph):
                break
            opened = True
        return opened

    def _open_item(self, line: Cursor, kept: int, opened: bool, in_paragraph: bool) -> bool:
        mark = _ITEM.match(line.text, line.start)
        if mark is None or _RULE.match(line.text, line.start):
            return False
        bare = not line.text[mark.end() :].strip(" \t")
        if in_paragraph and (bare or mark[1] not in (None, "1")):
            return False
        self._close(kept, opened)
        width = line.indent + len(mark[0])
        line.skip_to(mark.end())
        padding = 1 if bare or line.indent > 4 else line.indent
        line.skip_columns(padding)
        self._containers.append(width + padding)
        self._empty_item = bare
        return True

    def _close(self, kept: int, opened: bool) -> None:
        """End what the line is not in, before it opens something of its own."""
        self._leaf = None
        if not opened:
            del self._containers[kept:]

    def _take_leaf(self, line: Cursor, kept: int, opened: bool) -> None:
        paragraph = self._leaf if isinstance(self._leaf, Block) else None
        starts = self._started(line, in_paragraph=paragraph is not None)
        if starts is None and paragraph is not None:
            paragraph.lines.append(_line(line))
            return
        self._close(kept, opened)
        if line.blank:
            return
        self._empty_item = False
        if starts is None and line.indent <= 3:
            self._leaf = self._block("paragraph", line)
        elif isinstance(starts, _Html):
            if starts.shows:
                starts.block = self._block("html", line)
            if starts.until is None or not starts.until.search(line.rest):
                self._leaf = starts
        elif isinstance(starts, _Fence):
            self._leaf = starts

    def _block(self, kind: Literal["paragraph", "html"], line: Cursor) -> Block:
        block = Block(kind, _QUOTE in self._containers, [_line(line)])
        self.found.append(block)
        return block

    def _started(self, line: Cursor, *, in_paragraph: bool) -> _Start | None:
        """The leaf that begins on the line; None for text, and for code that is only indented."""
        if line.indent > 3 or line.blank:
            return None
        fence = _FENCE.match(line.text, line.start)
        if fence:
            return _Fence(fence[1] or fence[2])
        if _HEADING.match(line.text, line.start) or _RULE.match(line.text, line.start):
            return "other"
        if line.char == "<":
            return _html(line, in_paragraph)
        return None


def _line(line: Cursor) -> Line:
    return Line(line.rest, first=line.start == 0)


def _html(line: Cursor, in_paragraph: bool) -> _Html | None:
    verbatim = _VERBATIM.match(line.text, line.start)
    if verbatim:
        return _Html(_VERBATIM_END, shows=verbatim[1].lower() == "pre")
    unseen = UNSEEN_BEGIN.match(line.text, line.start)
    if unseen:
        return _Html(re.compile(re.escape(UNSEEN[unseen[0]])), shows=False)
    if _BLOCK_TAG.match(line.text, line.start):
        return _Html(None)
    return _Html(None) if not in_paragraph and _ONE_TAG.match(line.text, line.start) else None
