"""Code packs: a whole code base in one text, as repomix writes it (XML style)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import PurePosixPath

MAX_FILES = 100_000
"""More blocks than this are ignored; no code base of interest is larger."""

_OPEN = re.compile(r"""^<file\s+path=(?:"([^"\n]*)"|'([^'\n]*)')[^>\n]*>[ \t]*$""", re.MULTILINE)
_CLOSE = "</file>"


def looks_like_pack(text: str) -> bool:
    """Whether `text` holds at least one file block."""
    return _OPEN.search(text) is not None


def read_pack(text: str) -> dict[str, str]:
    """Path to content of every file block in `text`, in order; the first of two equal paths wins.

    Paths that are absolute or leave the root are dropped. A file that quotes the markers itself
    ends at its last closing marker before the next block, so nothing after it is lost.
    """
    text = text.replace("\r\n", "\n")
    files: dict[str, str] = {}
    for raw_path, body in _blocks(text):
        path = _safe_path(unescape(raw_path))
        if path and path not in files and len(files) < MAX_FILES:
            files[path] = body
    return files


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    opening = _OPEN.search(text)
    while opening is not None:
        following = _OPEN.search(text, opening.end())
        end = following.start() if following else len(text)
        yield opening.group(1) or opening.group(2) or "", _body(text, opening.end(), end)
        opening = following


def _body(text: str, start: int, end: int) -> str:
    close = text.rfind(_CLOSE, start, end)
    body = text[start : close if close >= 0 else end]
    if body.startswith("\n"):
        body = body[1:]
    return body if body.endswith("\n") or not body else body + "\n"


def _safe_path(raw: str) -> str:
    path = raw.strip().replace("\\", "/")
    pure = PurePosixPath(path)
    unsafe = not path or "\0" in path or pure.is_absolute() or ".." in pure.parts or ":" in path[:2]
    return "" if unsafe else pure.as_posix()
