"""The lines of patches, held to difflib."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.domain.pulls.hunks import excerpt, line_at, lines_of, whereabouts

PATCH = """@@ -1,4 +1,5 @@ def begin
 one
-two
+zwei
+drei
 three
 four
@@ -20,3 +21,2 @@
 twenty
-twenty-one
 twenty-two
\\ No newline at end of file"""


def patch_of(old: list[str], new: list[str], context: int) -> str:
    """As git writes it; no line of the texts is empty."""
    lines = difflib.unified_diff(old, new, n=context, lineterm="")
    return "\n".join(list(lines)[2:])


def test_positions_count_over_all_hunks() -> None:
    lines = lines_of(PATCH)
    assert [(line.position, line.left, line.right) for line in lines] == [
        (1, 1, 1),
        (2, 2, None),
        (3, None, 2),
        (4, None, 3),
        (5, 3, 4),
        (6, 4, 5),
        (8, 20, 21),
        (9, 21, None),
        (10, 22, 22),
    ]


def test_an_excerpt_ends_at_its_line() -> None:
    found = line_at(lines_of(PATCH), "LEFT", 21)
    assert found is not None
    assert excerpt(PATCH, found) == "@@ -20,3 +21,2 @@\n twenty\n-twenty-one"


@pytest.mark.parametrize(
    ("before", "after"), [(1, 1), (2, None), (3, 4), (10, 11), (20, 21), (21, None), (99, 99)]
)
def test_where_a_line_went(before: int, after: int | None) -> None:
    assert whereabouts(PATCH, before) == after


def test_a_patch_that_only_adds_or_only_removes() -> None:
    assert whereabouts("@@ -0,0 +1,2 @@\n+a\n+b", 1) == 3
    assert whereabouts("@@ -3,0 +4 @@\n+a", 3) == 3
    assert whereabouts("@@ -3,0 +4 @@\n+a", 4) == 5
    assert whereabouts("@@ -1 +0,0 @@\n-a", 1) is None
    assert whereabouts("@@ -1 +0,0 @@\n-a", 2) == 1


TEXTS = st.lists(st.sampled_from("abcdef@-+ \\"), max_size=25).map(
    lambda letters: [f"{letter}{letter}" for letter in letters]
)


@given(TEXTS, TEXTS, st.integers(0, 3))
def test_every_line_is_found_where_it_stands(old: list[str], new: list[str], context: int) -> None:
    patch = patch_of(old, new, context)
    for line in lines_of(patch):
        if line.left is not None:
            assert old[line.left - 1] == line.text[1:]
        if line.right is not None:
            assert new[line.right - 1] == line.text[1:]


@given(TEXTS, TEXTS, st.integers(0, 3))
def test_a_line_that_stayed_is_followed(old: list[str], new: list[str], context: int) -> None:
    patch = patch_of(old, new, context)
    matcher = difflib.SequenceMatcher(None, old, new)
    kept = {
        a + n + 1: b + n + 1 for a, b, size in matcher.get_matching_blocks() for n in range(size)
    }
    for number in range(1, len(old) + 1):
        assert whereabouts(patch, number) == kept.get(number)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    for line in lines_of(text):
        assert excerpt(text, line)
    whereabouts(text, 3)
