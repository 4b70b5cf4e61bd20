"""Markdown that holds whatever is put into it."""

from __future__ import annotations

import pytest

from bot.core.render.markdown import cell, code, fence, prose, table


@pytest.mark.parametrize(
    ("text", "span"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a\nb", "`a b`"), ("``", "``` `` ```")],
)
def test_a_code_span_is_longer_than_what_it_holds(text: str, span: str) -> None:
    assert code(text) == span


def test_no_comment_begins_in_prose_and_code_stays() -> None:
    assert prose("a <!-- b") == "a &lt;!-- b"
    assert prose("`<!--` <!-- ``x`<!--`` <!--") == "`<!--` &lt;!-- ``x`<!--`` &lt;!--"
    assert prose("`open <!--") == "`open &lt;!--"


def test_a_row_is_one_line_with_its_own_bars_only() -> None:
    assert cell("a|b\nc <!--") == "a\\|b c &lt;!--"
    rows = table(("x", "y"), [("1\n2", "|")]).splitlines()
    assert rows == ["| x | y |", "|---|---|", "| 1 2 | \\| |"]


def test_a_fence_is_longer_than_those_inside() -> None:
    assert fence("```\nx\n```\n", "elixir") == "````elixir\n```\nx\n```\n````"
