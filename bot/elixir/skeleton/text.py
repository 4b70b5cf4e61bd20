"""The skeleton's files and findings as lines, in as much detail as asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

from bot.core.finding import Finding
from bot.elixir.skeleton.clip import ELLIPSIS, clip, listed
from bot.elixir.skeleton.files import FileSheet
from bot.elixir.skeleton.messages import MESSAGES
from bot.elixir.skeleton.module import ModuleSheet, is_process

_MAX_PATH, _MAX_MESSAGE, _MAX_LINES, _MAX_ITEMS, _NAMES_A_LINE = 200, 200, 500, 60, 40
_KINDS = {"defprotocol": "protocol ", "defimpl": "impl "}


class Cut(IntEnum):
    """What is left out, each including all before it."""

    NOTHING = 0
    TESTS = 1
    NAMES = 2
    MESSAGES = 3
    RETURNS = 4
    SIZES = 5
    PLAIN_HEADS = 6
    HEADS = 7
    PLAIN_FILES = 8
    FILES = 9


LEFT_OUT = {
    Cut.TESTS: "test files",
    Cut.NAMES: "modules each module names",
    Cut.MESSAGES: "messages and the shape of states",
    Cut.RETURNS: "types and return types",
    Cut.SIZES: "sizes and counts of private functions",
    Cut.PLAIN_HEADS: "function heads of modules without behaviours or findings",
    Cut.HEADS: "all other function heads",
    Cut.PLAIN_FILES: "everything but their names of files without processes or findings",
    Cut.FILES: "everything of the other files but their names",
}


class FileText:
    """Files as lines: those of the application first, tests last, each by path."""

    def __init__(self, sheets: Sequence[FileSheet], findings: Sequence[Finding], cut: Cut) -> None:
        self._sheets = sheets
        self._cut = cut
        self._found = frozenset(f.module for f in findings)
        self._known = frozenset(m.name for sheet in sheets for m in sheet.modules)

    def lines(self) -> Iterator[str]:
        """All of them."""
        if self._cut >= Cut.PLAIN_FILES:
            yield from self._few()
            return
        for role in ("lib", "config", "script", "test"):
            for sheet in self._sheets:
                if sheet.role == role:
                    yield from self._file(sheet)
        yield from (_unread(s) for s in self._sheets if s.role == "mix" and s.note)

    def _few(self) -> Iterator[str]:
        """Files with processes or findings; of the rest names by folder."""
        named = []
        for sheet in self._sheets:
            told = any(is_process(m) or m.name in self._found for m in sheet.modules)
            if told and self._cut < Cut.FILES:
                yield from self._file(sheet)
            else:
                named.append(sheet)
        yield from _folders(named)

    def _file(self, sheet: FileSheet) -> Iterator[str]:
        if sheet.role == "test" and self._cut >= Cut.TESTS:
            return
        if sheet.role != "lib" or (sheet.note and not sheet.modules):
            yield _unread(sheet)
            return
        note = f" ({sheet.note})" if sheet.note else ""
        lines = [line for module in sheet.modules for line in self._module(module)]
        yield f"# {clip(sheet.path, _MAX_PATH)}{note}"
        yield from lines[:_MAX_LINES]
        if len(lines) > _MAX_LINES:
            yield f"{ELLIPSIS} {len(lines) - _MAX_LINES} more lines: see the outline of this file"

    def _module(self, module: ModuleSheet) -> Iterator[str]:
        cut = self._cut
        yield self._title(module)
        if module.uses:
            yield f" use {listed(module.uses, _MAX_ITEMS, '; ')}"
        if module.behaviours:
            yield f" behaviour {listed(module.behaviours, _MAX_ITEMS)}"
        if cut >= Cut.HEADS:
            return
        if cut >= Cut.PLAIN_HEADS and not self._stands_out(module):
            if module.functions:
                yield f" {len(module.functions)} public"
            return
        yield from self._data(module)
        yield from (f" callback {callback}" for callback in module.callbacks)
        for function in module.functions:
            returns = f" :: {function.returns}" if function.returns and cut < Cut.RETURNS else ""
            yield f" {function.head}{returns}"
        yield from self._process(module)
        if cut < Cut.NAMES and (names := self._names(module)):
            yield f" names {listed(names, _MAX_ITEMS, ' ')}"

    def _title(self, module: ModuleSheet) -> str:
        about = []
        if self._cut < Cut.SIZES:
            if module.lines >= 100:
                about.append(f"~{round(module.lines, 1 - len(str(module.lines)))} lines")
            if module.private:
                about.append(f"{module.private} private")
        size = f" ({', '.join(about)})" if about else ""
        purpose = f": {module.purpose}" if module.purpose else ""
        return f"{_KINDS.get(module.kind, '')}{module.name}{size}{purpose}"

    def _stands_out(self, module: ModuleSheet) -> bool:
        return bool(
            module.uses or module.behaviours or module.callbacks or module.name in self._found
        )

    def _data(self, module: ModuleSheet) -> Iterator[str]:
        if self._cut < Cut.MESSAGES:
            yield from (f" {shape}" for shape in module.shapes)
        if self._cut < Cut.RETURNS:
            yield from (f" type {written}" for written in module.types)

    def _process(self, module: ModuleSheet) -> Iterator[str]:
        shown = dict(module.messages) if self._cut < Cut.MESSAGES else {}
        others = [label for label in module.implemented if label not in shown]
        if others:
            yield f" impl {listed(others, _MAX_ITEMS)}"
        for label, patterns in shown.items():
            yield f" {MESSAGES[label]} {listed(patterns, _MAX_ITEMS)}"

    def _names(self, module: ModuleSheet) -> list[str]:
        """Other modules of the code base it names; the common first segment is left out."""
        said = {module.name, *module.behaviours, *(u.partition(",")[0] for u in module.uses)}
        inner = f"{module.name}."
        if module.kind == "defimpl":
            said |= {n for n in module.names if module.name.startswith(f"{n}.")}
        others = [n for n in module.names & self._known - said if not n.startswith(inner)]
        root = module.name.partition(".")[0] + "."
        return sorted("." + n.removeprefix(root) if n.startswith(root) else n for n in others)


def _unread(sheet: FileSheet) -> str:
    """A file of which no more is known than names and numbers."""
    tests = [f"{sheet.tests} tests"] if sheet.tests else []
    names = [listed(sheet.names, _MAX_ITEMS)] if sheet.names else []
    note = [f"({sheet.note})"] if sheet.note else []
    return " ".join([f"# {clip(sheet.path, _MAX_PATH)}", *names, *tests, *note])


def _folders(sheets: Iterable[FileSheet]) -> Iterator[str]:
    folders: dict[str, list[str]] = {}
    for sheet in sheets:
        folder, slash, name = sheet.path.rpartition("/")
        folders.setdefault(clip(folder + slash, _MAX_PATH), []).append(clip(name, _MAX_PATH))
    for folder, names in folders.items():
        for start in range(0, len(names), _NAMES_A_LINE):
            yield f"# {folder} {', '.join(names[start : start + _NAMES_A_LINE])}"


def finding_lines(findings: Sequence[Finding], cut: Cut) -> Iterator[str]:
    """One line each, or counts by rule where only file names are left."""
    if cut >= Cut.FILES:
        counts = Counter(f.rule for f in findings)
        yield from (f"{rule}: {count}" for rule, count in sorted(counts.items()))
        return
    for finding in findings:
        where = f"{clip(finding.path, _MAX_PATH)}:{finding.line}"
        yield f"{finding.severity} {finding.rule} {where} {clip(finding.message, _MAX_MESSAGE)}"
