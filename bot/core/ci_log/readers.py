"""What tells each tool's failures from the rest of a log: how a block begins and goes on."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator

from bot.core.ci_log.block import PLACE, Block, Kind, relative
from bot.core.ci_log.compiler import parse_compile

MAX_LINES = 150
MAX_TEXT = 6_000
"""Lines and characters of one block; the rest of it is passed over."""

MAY_BEGIN = re.compile(
    r" {2}\d+\) |\s*(?:warning|error): |== Comp|\*\* \(|mix format failed|Unchecked dep|┃ \["
    r"|\[[A-Z]\] |\s*(?:Starting Dialyzer|Proceeding with analysis|Total errors: )|done \("
    r"|Compilation failed|ERROR! "
    rf"|{PLACE}"
)
"""What no line can do without that a reader takes an interest in: most are passed over by it."""


class Reader(ABC):
    """Collects the lines of one block after the other."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    @abstractmethod
    def begins(self, line: str) -> bool:
        """Whether a block begins with this line."""

    @abstractmethod
    def goes_on(self, line: str) -> bool:
        """Whether the open block has this line as well."""

    @abstractmethod
    def read(self, lines: list[str]) -> Iterator[Block]:
        """The blocks that the collected lines make."""

    def open(self, line: str) -> None:
        """Begin a block."""
        self._lines = [line]

    def add(self, line: str) -> None:
        """Go on with it."""
        if len(self._lines) < MAX_LINES:
            self._lines.append(line)

    def close(self) -> tuple[Block, ...]:
        """What was collected."""
        found = tuple(self.read(self._lines))
        self._lines = []
        return found


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
        yield _block("test", head["title"], lines, path, number)


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
                yield _block(kind, title, lines, found.path, found.line)


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
            yield _block("credo", title, lines, where["path"], int(where["line"]))


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
            yield _block("format", lines[0], lines, unreadable["path"], number)
            return
        listed = [m["path"] for line in lines if (m := self._LISTED.match(line))]
        for path in listed:
            yield Block(
                "format", f"{path} is not formatted", f"{path} is not formatted", relative(path), 1
            )
        if not listed:
            yield _block("format", lines[0], lines)


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
        yield _block("dependencies", title, lines)


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
        yield _block("dialyzer", title, lines, head["path"], int(head["line"]))


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
        yield _block(kind, lines[0].removeprefix("** "), lines, path, number)


def readers() -> tuple[Reader, ...]:
    """A fresh one of each; the first that knows a line has it."""
    return (
        TestFailures(),
        DialyzerWarnings(),
        CredoIssues(),
        CompilerMessages(),
        FormatFailures(),
        DependencyErrors(),
        Exceptions(),
    )


def _block(kind: Kind, title: str, lines: list[str], path: str = "", line: int = 0) -> Block:
    text = "\n".join(line.rstrip() for line in lines).rstrip()[:MAX_TEXT]
    known = relative(path)
    return Block(kind, title.strip(), text, known, line if known else 0)
