"""Why a text to replace is not there, or not once: told so that the next try can be right.

Nothing is applied that was not quoted exactly; what comes near is only shown.
"""

from __future__ import annotations

import difflib
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable

from bot.core.sanitize import strip_hidden
from bot.errors import NoMatch

_PLACES_NAMED = 10
_LINES_SHOWN, _WIDEST = 12, 200
_COMPARED = 4
"""Stretches of the file that are compared letter by letter; the others by their words alone."""
_LONGEST_COMPARED = 600
"""Characters of each that are compared."""
_RUN, _NEAR = 3, 0.6
"""How much of the quote has to be in a stretch, in runs of so many letters, to be shown."""

_WORD = re.compile(r"[A-Za-z][a-z]*|\d+|[^\W\x00-\x7f]+")
_NUMBERED = re.compile(r"\s*\d+\s*[:|\t\u2192]\s?")
_PLAIN = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u00a0", "''\"\"-- ")

Plain = Callable[[str], str]


def ambiguous(text: str, old: str, places: list[int]) -> NoMatch:
    """The error for a text that is in several places."""
    lines = list(dict.fromkeys(text.count("\n", 0, at) + 1 for at in places[:_PLACES_NAMED]))
    more = ", ..." if len(places) > _PLACES_NAMED else ""
    where = f"{'lines' if len(lines) > 1 else 'line'} {', '.join(map(str, lines))}{more}"
    return NoMatch(
        f"the text to replace occurs {len(places)} times, at {where}",
        hint="quote more of the lines around the one meant, or replace every occurrence",
    )


def missed(text: str, old: str) -> NoMatch:
    """The error for a text that is nowhere; its hint shows what comes nearest."""
    if not text:
        return NoMatch("the text to replace is not there: the file is empty")
    lines, wanted = text.split("\n"), old.strip("\n").split("\n")
    for why, meant in _escaped(old):
        if (place := text.find(meant)) != -1:
            return _error(why, lines, text.count("\n", 0, place), meant.strip("\n").split("\n"))
    for why, plain in _DIFFERENCES:
        if (at := _first(lines, wanted, plain)) is not None:
            return _error(why, lines, at, wanted)
    nearest = _nearest(lines, wanted)
    if nearest is None:
        return NoMatch(
            "the text to replace is not in the file, nor anything like it",
            hint="read the file again and quote from it",
        )
    return _error("it is not written like this", lines, nearest, wanted)


def _error(why: str, lines: list[str], at: int, wanted: list[str]) -> NoMatch:
    there = lines[at : at + len(wanted)]
    shown = "\n".join(map(_shown, there[:_LINES_SHOWN]))
    more = f"\n({len(there) - _LINES_SHOWN} more lines)" if len(there) > _LINES_SHOWN else ""
    place = f"lines {at + 1} to {at + len(there)}" if len(there) > 1 else f"line {at + 1}"
    return NoMatch(
        f"the text to replace is not in the file: {why}",
        hint=f"quote it exactly; nearest is {place}:\n{shown}{more}{_differing(there, wanted, at)}",
    )


def _differing(there: list[str], wanted: list[str], at: int) -> str:
    """The first line that was quoted wrongly, where there are several."""
    pairs = enumerate(zip(there, wanted, strict=False), at + 1)
    number, quoted = next(((n, b) for n, (a, b) in pairs if a != b), (0, ""))
    if len(there) < 2 or not number:
        return ""
    return f"\nline {number} was quoted as:\n{_shown(quoted)}"


def _shown(line: str) -> str:
    return strip_hidden(line[: _WIDEST + 1])[:_WIDEST]


def _escaped(old: str) -> list[tuple[str, str]]:
    """What may have been meant by a quote that was escaped on its way."""
    unescaped = old.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    found = [
        ("it is escaped, with a backslash and a letter for each line break", unescaped),
        ("it is escaped for HTML", html.unescape(old)),
    ]
    return [(why, meant) for why, meant in found if meant and meant != old]


def _blankless(line: str) -> str:
    return "".join(line.split())


def _typed(line: str) -> str:
    if line.isascii():
        return _blankless(line)
    plain = unicodedata.normalize("NFKC", line.translate(_PLAIN))
    return _blankless(strip_hidden(plain[:_LONGEST_COMPARED]))


_DIFFERENCES: tuple[tuple[str, Plain], ...] = (
    ("blanks at the end of a line differ", str.rstrip),
    ("its indentation differs", str.strip),
    ("blanks or tabs within a line differ", _blankless),
    (
        "it has line numbers, which are not part of the file",
        lambda line: _blankless(_NUMBERED.sub("", line, count=1)),
    ),
    ("quotes, dashes or letters are other characters that look alike", _typed),
    ("upper and lower case differ", lambda line: _blankless(line).casefold()),
)
"""What is blamed when lines are the same without it, the smallest difference first."""


def _first(lines: list[str], wanted: list[str], plain: Plain) -> int | None:
    """Where the wanted lines begin, all compared by their plain form.

    A quote may begin and end within a line.
    """
    first, *middle = (plain(line) for line in wanted)
    if len("".join((first, *middle))) < _RUN:
        return None
    have = [plain(line) for line in lines]
    if not middle:
        return next((at for at, line in enumerate(have) if first in line), None)
    *middle, last = middle
    for at in range(len(have) - len(wanted) + 1):
        end = at + len(middle) + 1
        if have[at].endswith(first) and have[end].startswith(last) and have[at + 1 : end] == middle:
            return at
    return None


def _nearest(lines: list[str], wanted: list[str]) -> int | None:
    """Where the stretch begins that holds most of the wanted lines, if it holds enough of them."""
    goal = "\n".join(wanted)[:_LONGEST_COMPARED]
    if not goal:
        return None
    found: list[tuple[float, int]] = []
    for at in _promising(lines, wanted):
        stretch = "\n".join(lines[at : at + len(wanted)])[:_LONGEST_COMPARED]
        matcher = difflib.SequenceMatcher(None, stretch, goal, autojunk=False)
        held = sum(run.size for run in matcher.get_matching_blocks() if run.size >= _RUN)
        found.append((-held / len(goal), at))
    best, at = min(found, default=(0.0, 0))
    return at if -best >= _NEAR else None


def _promising(lines: list[str], wanted: list[str]) -> list[int]:
    """Where the stretches begin that share most words with the wanted lines; rare words count."""
    words = [set(_WORD.findall(line)) for line in lines]
    common = Counter(word for line in words for word in line)
    goal = {word for line in wanted for word in _WORD.findall(line)}
    weights = [sum(1 / common[word] for word in line & goal) for line in words]
    count = min(len(wanted), len(lines))
    total = sum(weights[:count])
    scores = [(total, 0)]
    for at in range(1, len(lines) - count + 1):
        total += weights[at + count - 1] - weights[at - 1]
        scores.append((total, at))
    best = sorted(scores, key=lambda score: (-score[0], score[1]))[:_COMPARED]
    return [at for score, at in best if score > 0]
