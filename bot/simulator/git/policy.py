"""Push rules: which updates of which refs are refused, and in whose words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal


def nothing_expected(sha: str) -> Sequence[str]:
    """The default of `RefRule.expected_checks`."""
    return ()


@dataclass(frozen=True)
class RefRule:
    """One branch protection or ruleset, as it binds whoever pushes.

    `pattern` is matched with the full name of a ref: `*` stops at a slash, `**` does not. What one
    of `excludes` matches is free.
    `expected_checks` tells which required status checks have not passed for a commit.
    """

    pattern: str
    source: Literal["protection", "ruleset"] = "protection"
    blocks_creation: bool = False
    blocks_update: bool = False
    blocks_deletion: bool = False
    blocks_force: bool = False
    requires_linear_history: bool = False
    requires_pull_request: bool = False
    expected_checks: Callable[[str], Sequence[str]] = nothing_expected
    excludes: tuple[str, ...] = ()

    def covers(self, ref: str) -> bool:
        """`ref` is a full name."""
        return matches(self.pattern, ref) and not any(matches(p, ref) for p in self.excludes)


@dataclass(frozen=True)
class PushPolicy:
    """What one pusher may not do in one repository.

    The default branch cannot be deleted and `refs/pull/` cannot be written by anyone.
    `rules_url` is the page that a broken ruleset is explained on.
    """

    rules: tuple[RefRule, ...] = ()
    may_write_workflows: bool = True
    pusher_kind: str = "a GitHub App"
    rules_url: str = ""


def matches(pattern: str, ref: str) -> bool:
    """Whether a pattern of a rule covers a ref, by its full name."""
    return _pattern(pattern).fullmatch(ref) is not None


@lru_cache(maxsize=1000)
def _pattern(pattern: str) -> re.Pattern[str]:
    """As Ruby's File.fnmatch with FNM_PATHNAME, which GitHub documents."""
    parts = re.split(r"(\*\*/|\*+|\?)", pattern)
    glob = {"**/": "(?:[^/]+/)*", "?": "[^/]"}
    return re.compile(
        "".join(
            glob.get(part)
            or ((".*" if part == "**" else "[^/]*") if part[:1] == "*" else re.escape(part))
            for part in parts
        ),
        re.DOTALL,
    )
