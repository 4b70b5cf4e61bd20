"""Excerpts that parse: the clauses a change touches, and quotes widened until they stand alone."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Iterator

from bot.core.plan import Change
from bot.elixir import nodes
from bot.elixir.outline import Clause, modules_of
from bot.elixir.source import Source

LONGEST = 60
"""Lines of an excerpt; a longer clause is shown by its changed statements' own lines only."""


def before_and_after(changes: Iterable[Change]) -> tuple[str, str]:
    """The changed places as they were and as they become, as Elixir that parses."""
    before: list[str] = []
    after: list[str] = []
    for change in changes:
        old, new = _changed_lines(change)
        before.extend(_pieces(change.path, change.before, old))
        after.extend(_pieces(change.path, change.after, new))
    return "\n\n".join(before), "\n\n".join(after)


def changed_range(change: Change) -> tuple[int, int]:
    """First and last line of the old text a change touches."""
    lines = [n for n in _changed_lines(change)[0] if n] or [1]
    return min(lines), min(max(lines), len(_lines_of(change.before)))


def parses(code: str) -> bool:
    """Whether the text is complete Elixir, by tree-sitter."""
    return not nodes.parse(code.encode()).root_node.has_error


def standing_alone(source: Source, first: int, last: int) -> tuple[int, int, str]:
    """Lines `first` to `last` if they parse, else the enclosing clause, else the statement."""
    code = source.quote(first, last)
    if parses(code):
        return first, last, code
    for clause in _clauses(source):
        begin, end = _lines(source, clause)
        if begin <= first and last <= end:
            return begin, end, source.quote(begin, end)
    root = source.root.named_children
    for node in root:
        begin, end = source.line(node.start_byte), source.last_line(node)
        if begin <= first and last <= end:
            return begin, end, source.quote(begin, end)
    return first, last, code


def _changed_lines(change: Change) -> tuple[set[int], set[int]]:
    old, new = _lines_of(change.before), _lines_of(change.after)
    before: set[int] = set()
    after: set[int] = set()
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            before.update(range(a + 1, b + 1) if b > a else (a, a + 1))
            after.update(range(c + 1, d + 1))
    return before, after


def _lines_of(text: str) -> list[str]:
    """Lines as git and editors count them: only a line feed ends one."""
    return text.removesuffix("\n").split("\n") if text else []


def _pieces(path: str, code: str, lines: set[int]) -> Iterator[str]:
    if not code or not lines:
        return
    source = Source(path, code.encode())
    found = False
    for clause in _clauses(source):
        begin, end = _lines(source, clause)
        if any(begin <= line <= end for line in lines):
            found = True
            yield textwrap.dedent(source.quote(begin, end))
    if not found and len(source.line_starts) <= LONGEST:
        yield code.rstrip()


def _clauses(source: Source) -> Iterator[Clause]:
    clauses = [c for module in modules_of(source) for c in module.all_clauses()]
    yield from sorted(clauses, key=lambda c: c.node.start_byte)


def _lines(source: Source, clause: Clause) -> tuple[int, int]:
    return source.line(clause.node.start_byte), source.last_line(clause.node)
