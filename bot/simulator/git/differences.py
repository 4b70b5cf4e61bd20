"""What changed between two commits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.simulator.git.errors import GitFailed, TooLarge, UnknownObject
from bot.simulator.git.history import History
from bot.simulator.git.objects import EMPTY_TREE, FileChange, Status

MOST_FILES = 3000
"""Kept of a comparison; a pull request lists no more, a commit 300 a page."""
PATCH_BYTES, PATCH_LINES = 500_000, 20_000
"""GitHub's limits for the diff of one file."""
ALL_PATCHES = 16 << 20
LARGEST_TEXT = 32 << 20
STATUSES: dict[str, Status] = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}
DIFF = ("diff-tree", "-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color")
SECTION = re.compile(rb"^diff --git ", re.MULTILINE)
HUNKS = re.compile(rb"^@@ ", re.MULTILINE)


@dataclass(frozen=True)
class Raw:
    """A line of `--raw` with its line of `--numstat`."""

    letter: str
    path: str
    previous: str | None
    sha: str
    added: int = 0
    deleted: int = 0


class Differences(History):
    """Shas are full ones; a base may be EMPTY_TREE, for a commit without parents."""

    async def changes(self, base: str, head: str, *, limit: int = 300) -> list[FileChange]:
        """The files that differ between the two, sorted by path, at most MOST_FILES of them."""
        found = await self.once(
            ("changes", base, head),
            lambda: self._changes(base, head),
            lambda changes: sum(500 + len(c.patch or "") for c in changes),
        )
        return found[:limit]

    async def diff_text(self, base: str, head: str) -> str:
        """As the `diff` media type gives it: what head changed since it left base.

        Raises TooLarge above LARGEST_TEXT.
        """
        await self._check_there(base, head)
        start = base if base == EMPTY_TREE else await self.merge_base(base, head) or EMPTY_TREE
        return await self._text(*DIFF, "-p", "--binary", start, head)

    async def patch_text(self, base: str, head: str) -> str:
        """As the `patch` media type gives it: one mail for each commit. Raises TooLarge."""
        argv = ("--stdout", "--no-signature", "--no-ext-diff", "--no-textconv", "--no-color")
        await self._check_there(base, head)
        span = ("--root", head) if base == EMPTY_TREE else (f"{base}..{head}",)
        return await self._text("format-patch", *argv, *span, "--")

    async def _check_there(self, *shas: str) -> None:
        for sha, header in zip(shas, await self.headers(shas), strict=True):
            if header is None:
                raise UnknownObject(f"there is no object {sha}")

    async def _text(self, *argv: str) -> str:
        try:
            output = await self.git(*argv, limit=LARGEST_TEXT)
        except GitFailed as error:
            if error.code < 0:
                raise TooLarge("the diff is too large to be shown") from error
            raise
        return output.stdout.decode(errors="replace")

    async def _changes(self, base: str, head: str) -> list[FileChange]:
        await self._check_there(base, head)
        listing = await self.git(*DIFF, "--raw", "--numstat", "-z", "--no-abbrev", base, head)
        raws = list(_raws(listing.stdout.decode(errors="surrogateescape")))[:MOST_FILES]
        output = await self.git(*DIFF, "-p", base, head, limit=ALL_PATCHES, cut=True)
        sections = _sections(output.stdout, whole=not output.cut)
        return [_change(raw, sections) for raw in raws]


def _raws(text: str) -> Iterator[Raw]:
    """All raw lines come first, then the counts in the same order."""
    tokens = iter(text.split("\0"))
    raws: dict[str, Raw] = {}
    for token in tokens:
        if token.startswith(":"):
            _, _, old, new, letter = token.split(" ")
            first = next(tokens)
            moved = letter[0] in "RC"
            path = next(tokens) if moved else first
            sha = old if letter == "D" else new
            raws[path] = Raw(letter[0], path, first if moved else None, sha)
        elif token:
            added, deleted, path = token.split("\t", 2)
            if not path:
                next(tokens)
                path = next(tokens)
            raw = raws[path]
            counts = (int(added), int(deleted)) if added != "-" else (0, 0)
            yield Raw(raw.letter, path, raw.previous, raw.sha, *counts)


def _sections(text: bytes, *, whole: bool) -> Iterator[bytes]:
    """The parts of a diff, one a file; the last one of a cut text is not whole."""
    starts = [match.start() for match in SECTION.finditer(text)]
    ends = [*starts[1:], len(text)]
    for start, end in list(zip(starts, ends, strict=True))[: None if whole else -1]:
        yield text[start:end]


def _change(raw: Raw, sections: Iterator[bytes]) -> FileChange:
    """A change of type shows as a removal and an addition, hence as two sections."""
    parts = [next(sections, b"") for _ in range(2 if raw.letter == "T" else 1)]
    patch = "\n".join(filter(None, map(_hunks, parts))) or None
    return FileChange(
        STATUSES.get(raw.letter, "changed"),
        raw.path,
        raw.previous,
        raw.sha,
        raw.added,
        raw.deleted,
        patch,
    )


def _hunks(section: bytes) -> str | None:
    found = HUNKS.search(section)
    if found is None or b"\nGIT binary patch\n" in section[: found.start()]:
        return None
    hunks = section[found.start() :].removesuffix(b"\n")
    if len(hunks) > PATCH_BYTES or hunks.count(b"\n") > PATCH_LINES:
        return None
    return hunks.decode(errors="replace")
