"""What Credo and Dialyzer say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.ci_log.block import PLACE, Block
from bot.core.ci_log.reader import MAX_LINES, Reader, block_of


class CredoIssues(Reader):
    """Credo in its default form, on one line, and for flycheck."""

    _HEAD = re.compile(r"┃ \[(?P<sign>[A-Z])\] \S+ (?P<message>.+)$")
    _ONE_LINE = re.compile(rf"\[(?P<sign>[A-Z])\] [↑↗→↘↓] {PLACE} (?P<message>.+)$")
    _FLYCHECK = re.compile(rf"{PLACE}: (?P<sign>[A-Z]): (?P<message>.+)$")
    _WHERE = re.compile(rf"┃\s+{PLACE}(?:\s|$)")

    def begins(self, line: str) -> bool:
        # Cheap first: a log has a million lines that are nothing.
        if line.startswith("┃ ["):
            return self._HEAD.match(line) is not None
        if line.startswith("["):
            return self._ONE_LINE.match(line) is not None
        return ": " in line and self._FLYCHECK.match(line) is not None

    def goes_on(self, line: str) -> bool:
        complete = self._lines[0][0] != "┃" or self._WHERE.match(self._lines[-1])
        return not complete and line.startswith("┃") and not line.startswith("┃ [")

    def read(self, lines: list[str]) -> Iterator[Block]:
        one = self._ONE_LINE.match(lines[0]) or self._FLYCHECK.match(lines[0])
        head = one or self._HEAD.match(lines[0])
        where = one or next((m for line in lines[1:] if (m := self._WHERE.match(line))), None)
        if head is not None and where is not None:
            rest = [line.lstrip("┃ ") for line in lines[1:-1]]
            title = " ".join([f"[{head['sign']}]", head["message"], *rest])
            yield block_of("credo", title, lines, where["path"], int(where["line"]))


class DialyzerWarnings(Reader):
    """Dialyzer's own form and those of dialyxir; only while it runs, for anything looks like it."""

    _STARTS = re.compile(r"\s*(?:Starting Dialyzer|Proceeding with analysis|Total errors: )")
    _ENDS = re.compile(r"done \(|##\[")
    _HEAD = re.compile(rf"{PLACE}(?::(?P<name>[a-z_]+)(?: (?P<short>.+))?|: (?P<message>.+))$")
    _RULE = re.compile(r"_{10,}$")

    def __init__(self) -> None:
        super().__init__()
        self._running = False

    def begins(self, line: str) -> bool:
        if self._STARTS.match(line):
            self._running = True
        elif self._running and self._ENDS.match(line):
            self._running = False
        return self._running and self._HEAD.match(line) is not None

    def goes_on(self, line: str) -> bool:
        head = self._HEAD.match(self._lines[0])
        if head is None or self._ENDS.match(line) or self._RULE.match(line):
            return False
        if head["name"] and not head["short"]:
            return len(self._lines) < MAX_LINES
        return line.startswith(("  ", "\t"))

    def read(self, lines: list[str]) -> Iterator[Block]:
        head = self._HEAD.match(lines[0])
        assert head is not None
        said = head["short"] or head["message"] or (lines[1] if len(lines) > 1 else "")
        title = f"{head['name']}: {said}" if head["name"] else said
        yield block_of("dialyzer", title, lines, head["path"], int(head["line"]))
