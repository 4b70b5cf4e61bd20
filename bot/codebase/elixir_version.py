"""Elixir version numbers and the requirements mix.exs states for them (`~> 1.14 and < 1.17.0`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = re.compile(
    r"^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$"
)
_TERM = re.compile(r"^(~>|>=|<=|==|!=|>|<|!)?\s*(\S+)$")

SortKey = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]


@dataclass(frozen=True)
class Version:
    """A semantic version; `patch` is `None` where the text left it out."""

    major: int
    minor: int
    patch: int | None
    pre: tuple[str, ...] = ()

    @property
    def key(self) -> SortKey:
        """Orders like Elixir's `Version.compare/2`: a pre-release stands before its release."""
        identifiers = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.pre)
        return (self.major, self.minor, self.patch or 0, 0 if self.pre else 1, identifiers)


def parse_version(text: str) -> Version:
    """Read `1.17`, `1.17.2` or `1.18.0-rc.1`; raises `ValueError` for anything else."""
    match = _VERSION.match(text.strip())
    if match is None:
        raise ValueError(f"not a version: {text!r}")
    major, minor, patch, pre = match.groups()
    return Version(
        int(major),
        int(minor or 0),
        None if patch is None else int(patch),
        tuple(pre.split(".")) if pre else (),
    )


def satisfies(version: str, requirement: str) -> bool:
    """Whether `version` meets `requirement`; `and` binds tighter than `or`, as in Elixir.

    Raises `ValueError` when either cannot be read.
    """
    actual = parse_version(version)
    return any(
        all(_holds(actual, term) for term in re.split(r"\s+and\s+", alternative.strip()))
        for alternative in re.split(r"\s+or\s+", requirement.strip())
    )


def _holds(actual: Version, term: str) -> bool:
    match = _TERM.match(term.strip())
    if match is None:
        raise ValueError(f"not a version requirement: {term!r}")
    operator, wanted = match.group(1) or "==", parse_version(match.group(2))
    if operator == "~>":
        return actual.key >= wanted.key and actual.key < _above(wanted).key
    return {
        "==": actual.key == wanted.key,
        "!=": actual.key != wanted.key,
        "!": actual.key != wanted.key,
        ">": actual.key > wanted.key,
        ">=": actual.key >= wanted.key,
        "<": actual.key < wanted.key,
        "<=": actual.key <= wanted.key,
    }[operator]


def _above(wanted: Version) -> Version:
    """First version outside `~> wanted`; its `-0` keeps the next release's candidates out too."""
    if wanted.patch is None:
        return Version(wanted.major + 1, 0, 0, ("0",))
    return Version(wanted.major, wanted.minor + 1, 0, ("0",))
