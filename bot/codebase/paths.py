"""Names of files in a work tree: which we touch, which are the same, which fit a glob."""

from __future__ import annotations

import difflib
import fnmatch
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.errors import Refused

IGNORABLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad]")
"""Characters HFS+ drops from names, which make a second spelling of `.git`."""

GLOB = re.compile(r"[*?\[{]")
"""What makes a path a pattern."""

RELATIVE = "give it relative to the project, with forward slashes, such as lib/shop.ex"

_MOST_ALTERNATIVES, _LONGEST_GLOB = 100, 500
_BRACES = re.compile(r"\{([^{}]*)\}")


def parts(path: str) -> tuple[str, ...]:
    """The components of a relative path; raises `Refused` for one that is absolute or leaves."""
    pieces = path.split("/")
    if not path or "\0" in path or any(piece in ("", ".", "..") for piece in pieces):
        raise Refused(f"not a path inside the work tree: {path!r}", hint=RELATIVE)
    if "\\" in path or any(_is_git(piece) for piece in pieces):
        raise Refused(f"not a path we may touch: {path!r}", hint=RELATIVE)
    return tuple(pieces)


def spelling(name: str) -> str:
    """The same for names that some file system takes for one: by case, Unicode form, unseen."""
    plain = IGNORABLE.sub("", unicodedata.normalize("NFD", name))
    return unicodedata.normalize("NFC", plain.casefold())


def similar(path: str, paths: Sequence[str]) -> tuple[str, ...]:
    """Up to three of the paths that may have been meant."""
    name = spelling(path.rsplit("/", 1)[-1])
    same_name = [p for p in paths if spelling(p.rsplit("/", 1)[-1]) == name]
    close = difflib.get_close_matches(path, same_name or paths, n=3)
    return tuple(close or same_name[:3])


def _is_git(piece: str) -> bool:
    plain = IGNORABLE.sub("", unicodedata.normalize("NFKC", piece)).casefold().rstrip(". ")
    return plain in (".git", "git~1") or plain.startswith(".git:")


@dataclass(frozen=True)
class Glob:
    """`*`, `?` and `[a-z]` within a name, `**` for any folders, `{a,b}` for either."""

    pattern: str
    _alternatives: tuple[tuple[re.Pattern[str] | None, ...], ...]
    """Per alternative one expression for each name, None for `**`."""

    @classmethod
    def of(cls, pattern: str) -> Glob:
        """Raises `Refused` for a pattern that looks outside."""
        if len(pattern) > _LONGEST_GLOB:
            raise Refused(f"the pattern {pattern[:40]!r}... is too long")
        parts(pattern)
        written = dict.fromkeys(_unbraced(pattern, [_MOST_ALTERNATIVES]))
        return cls(pattern, tuple(map(_expressions, written)))

    def matches(self, path: str) -> bool:
        """Whether the path of a file fits."""
        names = path.split("/")
        return any(_fits(expressions, names) for expressions in self._alternatives)


def _expressions(written: str) -> tuple[re.Pattern[str] | None, ...]:
    names = parts(written)
    # Folders are not what is looked for, so `**` in last place means the files in them.
    names = (*names, "*") if names[-1] == "**" else names
    return tuple(None if name == "**" else re.compile(fnmatch.translate(name)) for name in names)


def _fits(expressions: tuple[re.Pattern[str] | None, ...], names: list[str]) -> bool:
    """Step through the pattern with all positions at once: `**` costs no backtracking."""
    at = {0}
    for expression in expressions:
        if not at:
            return False
        if expression is None:
            at = set(range(min(at), len(names) + 1))
        else:
            at = {i + 1 for i in at if i < len(names) and expression.match(names[i])}
    return len(names) in at


def _unbraced(pattern: str, left: list[int]) -> Iterator[str]:
    """The pattern with each choice of its braces; `left` counts down over all of them."""
    braces = _BRACES.search(pattern)
    if braces is None:
        left[0] -= 1
        if left[0] < 0:
            raise Refused(f"too many alternatives in the pattern {pattern!r}")
        yield pattern
        return
    for choice in braces.group(1).split(","):
        yield from _unbraced(pattern[: braces.start()] + choice + pattern[braces.end() :], left)
