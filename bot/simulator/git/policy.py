"""Push rules: which updates of which refs are refused, and in whose words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal


def nothing_expected(sha: str) -> Sequence[str]:
    """The default of `RefRule.expected_checks`."""
    return ()


@dataclass(frozen=True)
class RefRule:
    """One branch protection or ruleset, as it binds whoever pushes.

    `pattern` is matched with the full name of a ref: `*` stops at a slash, `**` does not.
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
