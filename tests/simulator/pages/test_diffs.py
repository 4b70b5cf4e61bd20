"""Patches as lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.git import FileChange
from bot.simulator.pages.diffs import SHOWN_CHARACTERS, SHOWN_LINES, Line, file_diffs, lines_of

PATCH = """@@ -1,3 +1,4 @@ defmodule Shop do
 one
-two
+2
+3
 four
\\ No newline at end of file
@@ -10 +11 @@
-ten
+10"""


def change(name: str, patch: str | None, status: str = "modified", lines: int = 1) -> FileChange:
    return FileChange(status, name, None, "0" * 40, lines, 0, patch)  # type: ignore[arg-type]  # a Status


def test_lines_have_their_numbers_on_both_sides() -> None:
    assert list(lines_of(PATCH)) == [
        Line("hunk", 0, 0, "@@ -1,3 +1,4 @@ defmodule Shop do"),
        Line("same", 1, 1, "one"),
        Line("del", 2, 0, "two"),
        Line("add", 0, 2, "2"),
        Line("add", 0, 3, "3"),
        Line("same", 3, 4, "four"),
        Line("note", 0, 0, "No newline at end of file"),
        Line("hunk", 0, 0, "@@ -10 +11 @@"),
        Line("del", 10, 0, "ten"),
        Line("add", 0, 11, "10"),
    ]


def test_a_long_line_is_cut() -> None:
    (line,) = [x for x in lines_of("@@ -0,0 +1 @@\n+" + "x" * 5000) if x.kind == "add"]
    assert len(line.text) == SHOWN_CHARACTERS
    assert line.text.endswith("…")


def test_what_does_not_fit_is_named_and_later_files_still_shown() -> None:
    large = "@@ -0,0 +1,9000 @@\n" + "\n".join(["+x"] * (SHOWN_LINES + 1))
    first, second = file_diffs([change("large", large), change("small", "@@ -0,0 +1 @@\n+x")])
    assert first.lines == []
    assert "too large" in first.reason
    assert len(second.lines) == 2


@pytest.mark.parametrize(
    ("status", "lines", "words"),
    [("renamed", 0, "content is the same"), ("added", 0, "binary"), ("modified", 9, "too large")],
)
def test_a_file_without_a_patch_says_why(status: str, lines: int, words: str) -> None:
    (shown,) = file_diffs([change("x", None, status, lines)])
    assert words in shown.reason


@given(st.text(alphabet="+- @\\1,\nx", max_size=200))
def test_anything_can_be_read(patch: str) -> None:
    assert len(list(lines_of(patch))) == len(patch.split("\n"))
