"""Lines of many files that match a pattern, in time that neither pattern nor files can stretch.

Patterns come from models and pipelines. Python's own expressions could hang on one, so they are
searched by `bot.core.regex`, which reads each character once; a literal text needs no pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bot.codebase.files import WorkFiles
from bot.core.ports import Match
from bot.core.regex import compiled
from bot.core.regex_program import PatternError
from bot.elixir.tree import MAX_BYTES
from bot.errors import Refused

LONGEST_LINE = 500
"""Characters that are shown of a line."""
CUT = "…"


def search_lines(
    files: WorkFiles, paths: Iterable[str], pattern: str, *, literal: bool, limit: int
) -> tuple[Match, ...]:
    """At most `limit` lines, in the order of the paths; raises `Refused` for a bad pattern.

    Passes over files that went away, are no UTF-8, hold a NUL or are too large to be source.
    """
    if not pattern or "\n" in pattern:
        raise Refused("a search looks for something within one line", hint="search for one line")
    lines = _literal(pattern) if literal else _expression(pattern)
    found: list[Match] = []
    for path in paths if limit > 0 else ():
        for number, text in lines(_text(files, path)):
            found.append(Match(path=path, line=number, text=text))
            if len(found) == limit:
                return tuple(found)
    return tuple(found)


Lines = Callable[[str], Iterator[tuple[int, str]]]
"""Gives the lines of a text that match, each with its number."""


def _literal(wanted: str) -> Lines:
    def matching(text: str) -> Iterator[tuple[int, str]]:
        number, counted, at = 1, 0, text.find(wanted)
        while at != -1:
            number += text.count("\n", counted, at)
            start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
            end = len(text) if end == -1 else end
            yield number, _shown(text[start:end], at - start)
            counted, at = at, text.find(wanted, end)

    return matching


def _expression(pattern: str) -> Lines:
    try:
        expression = compiled(pattern)
    except PatternError as error:
        raise _wrong(pattern, error) from error

    def matching(text: str) -> Iterator[tuple[int, str]]:
        try:
            lines = text.removesuffix("\n").split("\n") if text else ()
            for number, line in enumerate(lines, 1):
                plain = line.removesuffix("\r")
                if expression.search(plain):
                    yield number, _shown(plain)
        except PatternError as error:
            raise _wrong(pattern, error) from error

    return matching


def _wrong(pattern: str, error: PatternError) -> Refused:
    return Refused(
        f"cannot search for {pattern[:80]!r}: {error}",
        hint="a literal search takes every character as it is",
    )


def _shown(line: str, at: int = 0) -> str:
    """The line; of a very long one the part around what was found, where that is known."""
    if len(line) <= LONGEST_LINE:
        return line.removesuffix("\r")
    start = max(0, min(at - LONGEST_LINE // 4, len(line) - LONGEST_LINE))
    shown = line[start : start + LONGEST_LINE]
    return f"{CUT if start else ''}{shown}{CUT if start + LONGEST_LINE < len(line) else ''}"


def _text(files: WorkFiles, path: str) -> str:
    try:
        text = files.read_text(path, MAX_BYTES)
    except (Refused, OSError):
        return ""
    return "" if "\0" in text else text
