"""The paths a tree may hold."""

from __future__ import annotations

import re
import unicodedata

from bot.simulator.git.errors import ObjectInvalid

LONGEST = 4096
DEEPEST = 200
"""Folders are written from the inside out, each waiting for the ones in it."""
IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
"""HFS+ leaves these out when it compares names."""
GIT = re.compile(r"(\.git|git~1)[ .]*(:.*)?", re.IGNORECASE | re.DOTALL)


def check_path(path: str) -> None:
    """Raises ObjectInvalid for what a checkout could be attacked with, as git's own fsck does."""
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        size = LONGEST + 1
    if not path or size > LONGEST or "\0" in path:
        raise ObjectInvalid(f"{path[:200]!r} is not a path of a file")
    parts = path.split("/")
    if len(parts) > DEEPEST:
        raise ObjectInvalid(f"{path[:200]!r} has more than {DEEPEST} parts")
    for part in parts:
        if part in ("", ".", "..") or _is_git(part):
            raise ObjectInvalid(f"{path[:200]!r} contains a malformed path component")


def _is_git(name: str) -> bool:
    return bool(GIT.fullmatch(unicodedata.normalize("NFC", IGNORED.sub("", name)).split("\\")[0]))
