"""What our tokens are for, and the least rights each needs; docs/permissions.md explains them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Purpose = Literal["list", "read", "issues", "pulls", "reviews", "checks", "actions", "contents"]

PERMISSIONS: Mapping[Purpose, Mapping[str, str]] = {
    "list": {"metadata": "read"},
    "read": {
        "actions": "read",
        "checks": "read",
        "contents": "read",
        "issues": "read",
        "metadata": "read",
        "pull_requests": "read",
        "statuses": "read",
    },
    "issues": {"issues": "write"},
    "pulls": {"contents": "read", "pull_requests": "write"},
    # GitHub wants `contents` for leaving draft and for resolving threads; only these two have both.
    "reviews": {"contents": "write", "pull_requests": "write"},
    "checks": {"checks": "write"},
    "actions": {"actions": "write"},
    "contents": {"contents": "write"},
}
"""What each kind of work needs, and no more; all but `list` reach one repository only."""


def granted() -> Mapping[str, str]:
    """What the App has to be granted for all of it."""
    found: dict[str, str] = {}
    for wanted in PERMISSIONS.values():
        for name, level in wanted.items():
            if found.get(name) != "write":
                found[name] = level
    return found
