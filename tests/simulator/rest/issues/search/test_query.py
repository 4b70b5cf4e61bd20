"""Reading the queries of searches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.errors import ApiError
from bot.simulator.rest.issues.search.query import Term, parse_query


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("  ", []),
        ("two words", [Term("", ("two",)), Term("", ("words",))]),
        ('"a phrase" -word', [Term("", ("a phrase",)), Term("", ("word",), True)]),
        ("is:open", [Term("is", ("open",))]),
        ("-Label:bug", [Term("label", ("bug",), True)]),
        ('label:"good first issue"', [Term("label", ("good first issue",))]),
        ('label:bug,"help wanted",x', [Term("label", ("bug", "help wanted", "x"))]),
        ("repo:acme/shop a", [Term("repo", ("acme/shop",)), Term("", ("a",))]),
        ("NOT bug AND is:pr", [Term("", ("bug",), True), Term("is", ("pr",))]),
        ("created:>=2026-01-01", [Term("created", (">=2026-01-01",))]),
        ("https://x.test/1", [Term("", ("https://x.test/1",))]),
        ("genesis:", [Term("", ("genesis:",))]),
        ('one"two', [Term("", ("one",)), Term("", ("two",))]),
    ],
)
def test_a_query_is_terms(text: str, terms: list[Term]) -> None:
    assert parse_query(text) == terms


@pytest.mark.parametrize("text", ["x" * 257, "a NOT " * 6, "a OR b", f'"{"y " * 140}"'])
def test_too_much_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_query(text)
    assert refusal.value.status == 422


def test_qualifiers_do_not_count() -> None:
    assert len(parse_query(f"label:{'x' * 300} {'y' * 256}")) == 2


@given(st.text())
def test_any_text_is_a_query_or_refused(text: str) -> None:
    try:
        terms = parse_query(text)
    except ApiError:
        return
    assert all(term.values and term.name == term.name.lower() for term in terms)


@given(st.lists(st.sampled_from(["bug", "help wanted", "a:b", "-x"]), min_size=1, max_size=4))
def test_quoted_alternatives_come_back_as_they_were(labels: list[str]) -> None:
    quoted = ",".join(f'"{label}"' for label in labels)
    assert parse_query(f"label:{quoted}") == [Term("label", tuple(labels))]
