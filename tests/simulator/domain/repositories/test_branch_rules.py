"""Which rules cover a branch, and what they come to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.domain.checks.results import Outcome, Result, unmet
from bot.simulator.domain.repositories.branch_rules import (
    RequiredCheck,
    covers,
    of_ruleset,
    spelt_out,
)
from bot.simulator.git import RefRule
from bot.simulator.records.repositories import Repository, Ruleset

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SHOP = Repository(
    id=1,
    owner_id=2,
    name="shop",
    default_branch="trunk",
    created_at=NOW,
    updated_at=NOW,
    pushed_at=NOW,
)


def ruleset(**fields: Any) -> Ruleset:
    return Ruleset(id=1, repository_id=1, name="x", created_at=NOW, updated_at=NOW, **fields)


@pytest.mark.parametrize(
    ("include", "ref", "covered"),
    [
        (["~DEFAULT_BRANCH"], "refs/heads/trunk", True),
        (["~DEFAULT_BRANCH"], "refs/heads/main", False),
        (["~ALL"], "refs/heads/a/b/c", True),
        (["~ALL"], "refs/tags/v1", False),
        (["refs/heads/release/*"], "refs/heads/release/1", True),
        (["refs/heads/release/*"], "refs/heads/release/1/2", False),
        (["refs/heads/release/**/*"], "refs/heads/release/1/2", True),
        (["refs/heads/release/**/*"], "refs/heads/release/1", True),
        (["refs/heads/v?"], "refs/heads/v1", True),
        (["refs/heads/v?"], "refs/heads/v/", False),
        (["refs/heads/a.b"], "refs/heads/axb", False),
        ([], "refs/heads/trunk", False),
    ],
)
def test_patterns(include: list[str], ref: str, covered: bool) -> None:
    assert covers(SHOP, ruleset(include=include), ref) is covered
    excluded = ruleset(include=["~ALL"], exclude=include)
    assert covers(SHOP, excluded, ref) is (ref.startswith("refs/heads/") and not covered)


def test_rulesets_of_tags_and_pushes_are_not_of_branches() -> None:
    assert not covers(SHOP, ruleset(target="tag", include=["~ALL"]), "refs/heads/trunk")
    assert covers(SHOP, ruleset(target="tag", include=["~ALL"]), "refs/tags/v1")
    assert not covers(SHOP, ruleset(target="push", include=["~ALL"]), "refs/heads/trunk")


@given(
    st.text(st.sampled_from("ab*?/."), max_size=12), st.text(st.sampled_from("ab/."), max_size=12)
)
def test_a_push_is_held_to_what_covers_the_branch(pattern: str, branch: str) -> None:
    pattern, ref = f"refs/heads/{pattern}", f"refs/heads/{branch}"
    rule = RefRule(spelt_out(SHOP, pattern, "refs/heads/"))
    assert rule.covers(ref) is covers(SHOP, ruleset(include=[pattern]), ref)


def test_rules_that_are_not_enforced_demand_nothing() -> None:
    kept = ruleset(rules=[{"type": "max_file_size", "parameters": {"max_file_size": 1}}])
    assert of_ruleset(kept) == of_ruleset(ruleset())
    bare = of_ruleset(ruleset(rules=[{"type": "update"}, {"type": "creation"}]))
    assert (bare.blocks_update, bare.blocks_creation, bare.reviews) == (True, True, None)


@pytest.mark.parametrize(
    ("results", "lack"),
    [
        ([], "expected"),
        ([("mix", 7, "success")], None),
        ([("mix", 8, "success")], "expected"),
        ([("mix", None, "success")], "expected"),
        ([("credo", 7, "success")], "expected"),
        ([("mix", 7, "pending")], "pending"),
        ([("mix", 7, "success"), ("mix", 7, "failure")], "failing"),
    ],
)
def test_a_required_check_of_one_app(
    results: list[tuple[str, int | None, Outcome]], lack: str | None
) -> None:
    found = [Result(*each) for each in results]
    assert unmet(found, RequiredCheck("mix", 7)) == lack
