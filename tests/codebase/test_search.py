"""A search finds lines, whatever the pattern or the files are like."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.codebase.files import WorkFiles
from bot.codebase.search import LONGEST_LINE, search_lines
from bot.elixir.tree import MAX_BYTES
from bot.errors import Refused


@pytest.fixture
def files(tmp_path: Path) -> WorkFiles:
    return WorkFiles(tmp_path)


def found(
    files: WorkFiles, pattern: str, *, literal: bool = False, limit: int = 200
) -> list[tuple[str, int, str]]:
    paths = files.list()
    matches = search_lines(files, paths, pattern, literal=literal, limit=limit)
    return [(m.path, m.line, m.text) for m in matches]


def test_lines_come_in_order_of_path_and_line(files: WorkFiles) -> None:
    files.write("b.ex", "spawn(f)\n\n  spawn(g)\n")
    files.write("a.ex", "x\nspawn_link(f)")
    assert found(files, r"\bspawn(_link)?\(") == [
        ("a.ex", 2, "spawn_link(f)"),
        ("b.ex", 1, "spawn(f)"),
        ("b.ex", 3, "  spawn(g)"),
    ]


def test_a_literal_text_is_no_pattern(files: WorkFiles) -> None:
    files.write("a.ex", "a.b(c\naxb(c\na.b(c a.b(c\n")
    assert found(files, "a.b(c", literal=True) == [
        ("a.ex", 1, "a.b(c"),
        ("a.ex", 3, "a.b(c a.b(c"),
    ]
    with pytest.raises(Refused, match=r"cannot search.*literal search"):
        found(files, "a.b(c")


def test_no_more_than_the_limit(files: WorkFiles) -> None:
    files.write("a.ex", "x\n" * 50)
    for literal in (True, False):
        assert len(found(files, "x", literal=literal, limit=7)) == 7
        assert found(files, "x", literal=literal, limit=0) == []


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [("(a+)+$", []), ("(a|a)*b", []), ("(a*)*$", [1]), ("(.*a){20}b", []), ("a.*a.*a.*a.*b", [])],
)
def test_a_pattern_that_would_take_for_ever_ends(
    files: WorkFiles, pattern: str, lines: list[int]
) -> None:
    files.write("a.ex", "a" * 20_000 + "!\n")
    assert [line for _, line, _ in found(files, pattern)] == lines


def test_a_line_break_at_the_end_begins_no_line(files: WorkFiles) -> None:
    files.write("a.ex", "a\n\nb\n")
    files.write("empty.ex", "")
    assert [line for _, line, _ in found(files, "^.?$")] == [1, 2, 3]


@pytest.mark.parametrize("pattern", ["(", "[z-a]", r"(a)\1", "(?=a)", "a{99999}", "", "a\nb"])
def test_a_pattern_that_cannot_be_used_is_refused(files: WorkFiles, pattern: str) -> None:
    files.write("a.ex", "a\n")
    with pytest.raises(Refused):
        found(files, pattern)


def test_anchors_mean_the_line_also_with_line_ends_of_windows(files: WorkFiles) -> None:
    files.write("a.ex", b"end\r\nendless\r\nend")
    assert found(files, "^end$") == [("a.ex", 1, "end"), ("a.ex", 3, "end")]
    assert found(files, "end", literal=True)[0] == ("a.ex", 1, "end")


def test_what_is_no_text_is_passed_over(files: WorkFiles) -> None:
    files.write("binary", b"needle\0")
    files.write("latin", b"needle \xe9")
    files.write("large", b"needle\n" + b"x" * MAX_BYTES)
    os.mkfifo(files.root / "pipe")
    (files.root / "link").symlink_to("plain")
    files.write("plain", "needle")
    assert found(files, "needle") == [("plain", 1, "needle")]
    paths = ("gone", "pipe", "link", "binary", "plain")
    assert len(search_lines(files, paths, "needle", literal=True, limit=9)) == 1


def test_a_long_line_is_cut_around_what_was_found(files: WorkFiles) -> None:
    files.write("a.min.js", "x" * 5_000 + "needle" + "y" * 5_000)
    ((_, _, text),) = found(files, "needle", literal=True)
    assert "needle" in text
    assert text.startswith("…x")
    assert text.endswith("y…")
    assert len(text) == LONGEST_LINE + 2
    ((_, _, text),) = found(files, "needle")
    assert text == "x" * LONGEST_LINE + "…"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="ab\n\r ", max_size=30), st.text(alphabet="ab ", min_size=1, max_size=2))
def test_literal_and_pattern_find_the_same_lines(files: WorkFiles, text: str, wanted: str) -> None:
    files.write("a.ex", text.encode())
    expected = [n for n, line in enumerate(text.split("\n"), 1) if wanted in line]
    assert [line for _, line, _ in found(files, wanted, literal=True)] == expected
    assert [line for _, line, _ in found(files, re.escape(wanted))] == expected
