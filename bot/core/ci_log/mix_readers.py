"""What mix itself says: failed tests, compiler messages, formatting, dependencies, its errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.ci_log.block import PLACE, Block, Kind, relative
from bot.core.ci_log.compiler import parse_compile
from bot.core.ci_log.reader import MAX_LINES, Reader, block_of


class TestFailures(Reader):
    """ExUnit: `  1) test name (Module)`, then everything that is indented."""

    __test__ = False
    _HEAD = re.compile(r" {2}\d+\) (?P<title>\S.*)$")
    _NAME = re.compile(r".+ \(.+\)$|.+: failure on setup_all callback\b.*$")
    _WHERE = re.compile(r" {5}(?P<path>\S[^:]*\.exs?):(?P<line>\d{1,7})(?::\d+)?$")
    _IN_TEST = re.compile(r"\s+(?P<path>\S[^:]*\.exs?):(?P<line>\d{1,7}): \(test\)$")

    def begins(self, line: str) -> bool:
        head = self._HEAD.match(line)
        return head is not None and self._NAME.match(head["title"]) is not None

    def goes_on(self, line: str) -> bool:
        return not line or line.startswith("     ") or line.isspace()

    def read(self, lines: list[str]) -> Iterator[Block]:
        head = self._HEAD.match(lines[0])
        assert head is not None
        where = next((m for line in lines[1:3] if (m := self._WHERE.match(line))), None)
        path, number = (where["path"], int(where["line"])) if where else ("", 0)
        for line in reversed(lines):
            inside = self._IN_TEST.match(line)
            if inside and inside["path"] == path:
                number = int(inside["line"])
                break
        yield block_of("test", head["title"], lines, path, number)


class CompilerMessages(Reader):
    """Warnings and errors of the compiler, and the exception that ended compilation."""

    _HEAD = re.compile(r"\s*(?:warning|error): |== Compilation error in file ")
    _END = re.compile(r"Compiling \d|Generated |==> |Compilation failed|Finished in|##\[")
    _AT = re.compile(rf"\s*(?:└─ |\s){PLACE}")
    _AFTER = re.compile(r"\s*$|\s*\d*\s*[│└]|\s")
    UNPLACED = 40
    """Lines a message can have before the line that says where it is."""

    def __init__(self) -> None:
        super().__init__()
        self._placed = False
        self._fatal = False

    def begins(self, line: str) -> bool:
        return self._HEAD.match(line) is not None

    def open(self, line: str) -> None:
        super().open(line)
        self._fatal = line.startswith("==")
        self._placed = False

    def goes_on(self, line: str) -> bool:
        if self._END.match(line):
            return False
        if self._fatal:
            # Its header, the exception, and below that what is indented.
            return len(self._lines) == 1 or not line or line[0] in " \t" or line[0] == "*"
        if self._HEAD.match(line):
            return False
        if self._AT.match(line):
            self._placed = True
            return True
        if self._placed:
            return self._AFTER.match(line) is not None
        return len(self._lines) < self.UNPLACED

    def read(self, lines: list[str]) -> Iterator[Block]:
        text = "\n".join(lines)
        for found in parse_compile(text, ""):
            if found.path:
                kind: Kind = "compile" if found.severity == "error" else "warning"
                title = f"{found.severity}: {found.message.splitlines()[0]}"
                yield block_of(kind, title, lines, found.path, found.line)


class FormatFailures(Reader):
    """`mix format --check-formatted`, and a file it cannot read."""

    _LISTED = re.compile(r"\s+\* (?P<path>\S+)$")
    _UNREADABLE = re.compile(r"mix format failed for file: (?P<path>\S+)$")
    _ERROR = re.compile(rf"\*\* \(.+\) {PLACE}")

    def begins(self, line: str) -> bool:
        return line.startswith(
            ("** (Mix) mix format failed due to --check-formatted", "mix format failed for file: ")
        )

    def goes_on(self, line: str) -> bool:
        follows = line.startswith((" ", "\t", "The following files")) or not line
        return follows or (len(self._lines) == 1 and line.startswith("** ("))

    def read(self, lines: list[str]) -> Iterator[Block]:
        unreadable = self._UNREADABLE.match(lines[0])
        if unreadable:
            error = self._ERROR.match(lines[1]) if len(lines) > 1 else None
            number = int(error["line"]) if error else 0
            yield block_of("format", lines[0], lines, unreadable["path"], number)
            return
        listed = [m["path"] for line in lines if (m := self._LISTED.match(line))]
        for path in listed:
            yield Block(
                "format", f"{path} is not formatted", f"{path} is not formatted", relative(path), 1
            )
        if not listed:
            yield block_of("format", lines[0], lines)


class DependencyErrors(Reader):
    """`Unchecked dependencies for environment test:`, up to the error it ends with."""

    def begins(self, line: str) -> bool:
        return line.startswith("Unchecked dependencies for environment ")

    def goes_on(self, line: str) -> bool:
        ended = self._lines[-1].startswith("** (Mix)") or line.startswith("##[")
        return not ended and len(self._lines) < MAX_LINES

    def read(self, lines: list[str]) -> Iterator[Block]:
        names = [line[2:] for line in lines if line.startswith("* ")]
        title = f"dependencies: {', '.join(names)}" if names else lines[0]
        yield block_of("dependencies", title, lines)


class Exceptions(Reader):
    """An exception with what is indented below it; `** (Mix)` is how mix itself gives up."""

    _HEAD = re.compile(r"\*\* \((?P<name>[\w.]+)\)")
    _AT = re.compile(rf"\*\* \([\w.]+\) {PLACE}")
    _START = "** (Mix) Could not start application"
    STARTING = 40
    """Lines a failed start has; they are not all indented."""

    def begins(self, line: str) -> bool:
        return self._HEAD.match(line) is not None

    def goes_on(self, line: str) -> bool:
        if line.startswith(("##[", "** (")):
            return False
        if self._lines[0].startswith(self._START):
            return len(self._lines) < self.STARTING
        return line.startswith((" ", "\t"))

    def read(self, lines: list[str]) -> Iterator[Block]:
        head = self._HEAD.match(lines[0])
        kind: Kind = "mix" if head is not None and head["name"] == "Mix" else "exception"
        where = self._AT.match(lines[0])
        path, number = (where["path"], int(where["line"])) if where else ("", 0)
        yield block_of(kind, lines[0].removeprefix("** "), lines, path, number)
