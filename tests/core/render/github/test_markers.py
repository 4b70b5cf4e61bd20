"""Markers are found only where we put them, and a body keeps its marker whatever its length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.render.github.markers import CUT, LIMIT, fit, marker, read

MARK = marker("42", "status", stage=2)


def test_a_marker_names_the_plan_first_and_the_kind_last() -> None:
    assert MARK == "<!-- genesis plan=42 stage=2 kind=status -->"
    assert marker("42", "dashboard") == "<!-- genesis plan=42 kind=dashboard -->"


@pytest.mark.parametrize("value", ["", "a b", "-->", "a--b", "x\ny", "<", "a=b", "é"])
def test_a_marker_holds_plain_words_only(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a marker"):
        marker("42", "status", re=value)


@pytest.mark.parametrize("name", ["Stage", "a_b", "1a"])
def test_a_marker_names_its_fields_plainly(name: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a marker"):
        marker("42", "status", **{name: "1"})


@pytest.mark.parametrize(
    "body", [MARK, f"text\n\n{MARK}", f"{MARK}\ntext", f"text\r\n{MARK}\r\n", f"text\n{MARK}  \n\n"]
)
def test_a_marker_is_read_from_the_last_or_first_line(body: str) -> None:
    assert read(body) == {"plan": "42", "stage": "2", "kind": "status"}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        f"> {MARK}",
        f"    {MARK}",
        f"```\n{MARK}\n```",
        f"before\n{MARK}\nafter",
        f"see {MARK}",
        f"{MARK} {MARK}",
        "<!-- genesis plan=42 -->",
        "<!-- genesis kind=status stage=1 -->",
        "<!-- genesis plan=42 plan=43 kind=status -->",
        "<!--genesis plan=42 kind=status-->",
        "<!-- genesis plan=42  kind=status -->",
        "<!-- genesis plan=42 kind=status",
        "<!-- GENESIS plan=42 kind=status -->",
    ],
)
def test_nothing_else_is_a_marker(body: str) -> None:
    assert read(body) is None


def test_the_last_line_comes_before_the_first() -> None:
    assert read(f"{marker('1', 'a')}\ntext\n{marker('2', 'b')}") == {"plan": "2", "kind": "b"}


def test_a_short_body_is_left_alone() -> None:
    assert fit("text\n", MARK) == f"text\n\n{MARK}"
    assert fit("text") == "text"


def test_characters_are_counted_not_bytes() -> None:
    text = "ü" * (LIMIT - len(MARK) - 2)
    assert fit(text, MARK) == f"{text}\n\n{MARK}"


def test_a_long_body_is_cut_between_lines() -> None:
    cut = fit("first line\nsecond line\nthird line\n" * 10, MARK, limit=160)
    assert len(cut) <= 160
    kept = cut.removesuffix(f"{CUT}\n\n{MARK}").splitlines()
    assert kept
    assert set(kept) <= {"first line", "second line", "third line"}


def test_code_and_folds_that_are_cut_are_closed() -> None:
    text = "<details>\n\n````text\n```\n" + "line\n" * 100 + "````\n</details>"
    assert (
        fit(text, MARK, limit=200)
        .removesuffix(f"{CUT}\n\n{MARK}")
        .endswith("line\n````\n\n</details>")
    )


def test_a_line_that_is_too_long_by_itself_is_cut_all_the_same() -> None:
    assert fit("x" * 1000, MARK, limit=200) == (
        "x" * (200 - len(MARK) - 2 - len(CUT)) + f"{CUT}\n\n{MARK}"
    )


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        fit("x" * 100, MARK, limit=20)


@given(
    st.lists(st.sampled_from(["```", "text `", "<details>", "</details>", "~~~~", "", "ü" * 30])),
    st.integers(120, 400),
)
def test_a_fitted_body_fits_and_keeps_its_marker(lines: list[str], limit: int) -> None:
    body = fit("\n".join(lines), MARK, limit=limit)
    assert len(body) <= limit
    assert body.endswith(MARK)
    assert read(body) == read(MARK)
