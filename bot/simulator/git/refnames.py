"""The names git allows for refs."""

from __future__ import annotations

import re

FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock/")
LONGEST = 1000
"""In bytes; longer ones do not fit into a path of the file system anyway."""


def is_ref_name(name: str) -> bool:
    """Says the same as `git check-ref-format NAME`, apart from the length."""
    return (
        "/" in name
        and not FORBIDDEN.search(name)
        and not name.startswith(("/", "."))
        and not name.endswith(("/", ".", ".lock"))
        and _fits(name)
    )


def is_branch_name(name: str) -> bool:
    """Says the same as `git check-ref-format --branch NAME`, for plain names."""
    return not name.startswith("-") and name != "HEAD" and is_ref_name(f"refs/heads/{name}")


def _fits(name: str) -> bool:
    try:
        return len(name.encode()) <= LONGEST
    except UnicodeEncodeError:
        return False
