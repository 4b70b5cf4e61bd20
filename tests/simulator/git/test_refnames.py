"""Names of refs: git itself is the judge."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.simulator.git import is_branch_name, is_ref_name
from bot.simulator.git.refnames import LONGEST

PIECES = ["a", "é", ".", "..", "/", "//", ".lock", "@", "@{", "{", " ", "~", "^", ":", "?", "*"]
PIECES += ["[", "]", "\\", "-", "HEAD", "\x7f", "\x01", "\n", "\u2028", "refs", "heads"]
NAMES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=7).map("".join),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
)


def git_takes(*argv: str) -> bool:
    command = ["git", "check-ref-format", *argv]
    return subprocess.run(command, capture_output=True, timeout=20).returncode == 0


@settings(max_examples=300)
@given(NAMES)
@example("@")
@example("a/@")
@example("a.lock/b")
@example("a/.b")
@example("/a/b")
@example("a/b/")
@example("a/b.")
@example("a/b.lock.")
@example("")
@example("--branch/x")
def test_a_name_is_judged_as_git_does(name: str) -> None:
    if not name.startswith("-"):
        assert is_ref_name(name) is git_takes(name)
    assert is_ref_name("refs/heads/" + name) is git_takes("refs/heads/" + name)


@settings(max_examples=150)
@given(NAMES)
@example("HEAD")
@example("-x")
@example("@")
def test_a_branch_is_judged_as_git_does(name: str) -> None:
    """Apart from `@{-1}` and the like, which only mean something in a work tree."""
    if "@{" not in name:
        assert is_branch_name(name) is git_takes("--branch", name)


@pytest.mark.parametrize("name", ["refs/heads/\ud800", "refs/heads/a\0b", "refs/" + "a" * LONGEST])
def test_what_git_cannot_be_asked_is_refused(name: str) -> None:
    assert not is_ref_name(name)
