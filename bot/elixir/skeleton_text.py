"""The skeleton's files and findings as lines, in as much detail as asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

from bot.core.finding import Finding
from bot.elixir.skeleton_clip import clip
from bot.elixir.skeleton_files import FileSheet
from bot.elixir.skeleton_module import ModuleSheet

_NAMES_A_LINE = 40


class Cut(IntEnum):
    """What is left out, each including all before it."""

    NOTHING = 0
    TESTS = 1
    MESSAGES = 2
    RETURNS = 3
    SIZES = 4
    PLAIN_HEADS = 5
    HEADS = 6
    MODULES = 7


LEFT_OUT = {
    Cut.TESTS: "test files",
    Cut.MESSAGES: "message shapes",
    Cut.RETURNS: "return types",
    Cut.SIZES: "sizes and counts of private functions",
    Cut.PLAIN_HEADS: "function heads of modules without behaviours or findings",
    Cut.HEADS: "all other function heads",
    Cut.MODULES: "everything of a file but its name",
}


def file_lines(sheets: Sequence[FileSheet], cut: Cut, found: frozenset[str]) -> Iterator[str]:
    """Files in order of their paths, tests last; `found` are modules with findings."""
    if cut >= Cut.MODULES:
        yield from _folders(sheets)
        return
    for sheet in sheets:
        if sheet.role != "test":
            yield from _file(sheet, cut, found)
    tests = [sheet for sheet in sheets if sheet.role == "test"]
    if cut >= Cut.TESTS:
        yield from (f"{folder}/: {count} test files" for folder, count in _by_folder(tests).items())
    else:
        yield from map(_test_file, tests)


def _by_folder(sheets: Iterable[FileSheet]) -> Counter[str]:
    return Counter(clip(sheet.path.rpartition("/")[0], 200) for sheet in sheets)


def _folders(sheets: Iterable[FileSheet]) -> Iterator[str]:
    folders: dict[str, list[str]] = {}
    for sheet in sheets:
        folder, _, name = sheet.path.rpartition("/")
        folders.setdefault(clip(folder, 200), []).append(clip(name, 80))
    for folder, names in folders.items():
        for start in range(0, len(names), _NAMES_A_LINE):
            yield f"{folder}/: {', '.join(names[start : start + _NAMES_A_LINE])}".removeprefix(
                "/: "
            )


def _test_file(sheet: FileSheet) -> str:
    tests = [f"{sheet.tests} tests"] if sheet.tests else []
    note = [f"({sheet.note})"] if sheet.note else []
    return " ".join([clip(sheet.path, 200), *sheet.names, *tests, *note])


def _file(sheet: FileSheet, cut: Cut, found: frozenset[str]) -> Iterator[str]:
    note = f" ({sheet.note})" if sheet.note else ""
    yield f"# {clip(sheet.path, 200)}{note}"
    for module in sheet.modules:
        yield from _module(module, cut, found)


def _module(module: ModuleSheet, cut: Cut, found: frozenset[str]) -> Iterator[str]:
    yield _title(module, cut)
    if module.uses:
        yield f" use {'; '.join(module.uses)}"
    if module.behaviours:
        yield f" behaviour {', '.join(module.behaviours)}"
    if cut >= Cut.HEADS:
        return
    plain = not (module.uses or module.behaviours or module.callbacks or module.name in found)
    if cut >= Cut.PLAIN_HEADS and plain:
        if module.functions:
            yield f" {len(module.functions)} public"
        return
    yield from (f" {shape}" for shape in module.shapes)
    yield from (f" callback {callback}" for callback in module.callbacks)
    for function in module.functions:
        returns = f" :: {function.returns}" if function.returns and cut < Cut.RETURNS else ""
        yield f" {function.head}{returns}"
    if module.implemented:
        yield f" impl {', '.join(module.implemented)}"
    if cut < Cut.MESSAGES:
        yield from (f" {message}" for message in module.messages)


def _title(module: ModuleSheet, cut: Cut) -> str:
    kind = {"defprotocol": "protocol ", "defimpl": "impl "}.get(module.kind, "")
    about = []
    if cut < Cut.SIZES:
        if module.lines >= 100:
            about.append(f"~{_rounded(module.lines)} lines")
        if module.private:
            about.append(f"{module.private} private")
    return f"{kind}{module.name}" + (f" ({', '.join(about)})" if about else "")


def _rounded(lines: int) -> int:
    """One digit is enough to see a large module, and changes rarely."""
    return round(lines, 1 - len(str(lines)))


def finding_lines(findings: Sequence[Finding], cut: Cut) -> Iterator[str]:
    """One line each, or counts by rule where only file names are left."""
    if cut >= Cut.MODULES:
        counts = Counter(f.rule for f in findings)
        yield from (f"{rule}: {count}" for rule, count in sorted(counts.items()))
        return
    for finding in findings:
        where = f"{clip(finding.path, 200)}:{finding.line}"
        yield f"{finding.severity} {finding.rule} {where} {clip(finding.message, 200)}"
