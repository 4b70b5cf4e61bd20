"""Which rules speak against which refs."""

from __future__ import annotations

import pytest

from bot.simulator.git import NULL_SHA, PushPolicy, RefRule
from bot.simulator.git.rulings import Command, rulings

ONE, TWO = "1" * 40, "2" * 40
UPDATE = Command("refs/heads/main", ONE, TWO)


def messages(rule: RefRule, command: Command = UPDATE) -> list[tuple[str, str]]:
    return [(r.condition, r.message) for r in rulings(PushPolicy((rule,)), [command])]


def test_a_rule_says_only_what_it_is_about() -> None:
    assert messages(RefRule("refs/heads/main")) == []
    pull_request = [("always", "Changes must be made through a pull request.")]
    assert messages(RefRule("refs/heads/main", requires_pull_request=True)) == pull_request
    assert messages(RefRule("refs/heads/other", requires_pull_request=True)) == []


def test_deletion_creation_and_update_are_told_apart() -> None:
    rule = RefRule("refs/heads/*", "ruleset", blocks_creation=True, blocks_update=True)
    creation = Command("refs/heads/x", NULL_SHA, ONE)
    deletion = Command("refs/heads/x", ONE, NULL_SHA)
    restricted = "Cannot create ref due to creations being restricted."
    assert messages(rule, creation) == [("always", restricted)]
    assert messages(rule) == [("always", "Cannot update this protected ref.")]
    assert messages(rule, deletion) == []
    deleting = RefRule("refs/heads/*", blocks_deletion=True, requires_pull_request=True)
    assert messages(deleting, deletion) == [("always", "Cannot delete this branch")]


def test_a_protected_branch_names_who_may_not_push_otherwise_than_a_ruleset() -> None:
    ((condition, message),) = messages(RefRule("refs/heads/main", blocks_update=True))
    assert condition == "always"
    assert message.startswith("You're not authorized to push to this branch.")
    assert messages(RefRule("refs/heads/main", blocks_creation=True)) == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ([], []),
        (["ci/x"], [("always", 'Required status check "ci/x" is expected.')]),
        (["a", "b"], [("always", "2 of 2 required status checks are expected.")]),
    ],
)
def test_checks_are_asked_for_the_new_commit(
    missing: list[str], said: list[tuple[str, str]]
) -> None:
    asked: list[str] = []

    def expected(sha: str) -> list[str]:
        asked.append(sha)
        return missing

    assert messages(RefRule("refs/heads/main", expected_checks=expected)) == said
    assert asked == [TWO]


@pytest.mark.parametrize(
    ("pattern", "ref", "matches"),
    [
        ("refs/heads/*", "refs/heads/a", True),
        ("refs/heads/*", "refs/heads/a/b", False),
        ("refs/heads/**", "refs/heads/a/b", True),
        ("refs/heads/**/x", "refs/heads/x", True),
        ("refs/heads/**/x", "refs/heads/a/b/x", True),
        ("refs/heads/release-?", "refs/heads/release-1", True),
        ("refs/heads/release-?", "refs/heads/release-12", False),
        ("refs/heads/a.b", "refs/heads/axb", False),
        ("refs/heads/a+(b", "refs/heads/a+(b", True),
        ("refs/**", "refs/tags/v1", True),
    ],
)
def test_patterns(pattern: str, ref: str, matches: bool) -> None:
    rule = RefRule(pattern, requires_pull_request=True)
    assert bool(messages(rule, Command(ref, ONE, TWO))) is matches


def test_what_is_excluded_is_free() -> None:
    rule = RefRule("refs/heads/**", excludes=("refs/heads/x/*",), requires_pull_request=True)
    assert messages(rule, Command("refs/heads/x/y", ONE, TWO)) == []
    assert messages(rule, Command("refs/heads/x/y/z", ONE, TWO)) != []


def test_texts_from_outside_stay_on_their_line() -> None:
    rule = RefRule("refs/heads/main", expected_checks=lambda sha: ["a\nb\x1fc"])
    (ruling,) = rulings(PushPolicy((rule,)), [UPDATE])
    assert ruling.line().count("\n") == 1
    assert ruling.line().count("\x1f") == 5
