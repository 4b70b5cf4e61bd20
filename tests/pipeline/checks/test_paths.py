from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.checks.paths import paths, spelled, trail_of
from bot.pipeline.expressions.expr import names_in_expression, names_in_template


def seen(expression: str) -> list[str]:
    """Paths of an expression, `?` behind those it can do without."""
    parsed, names = names_in_expression(expression)
    return [f"{path}{'?' if path.guarded else ''}" for path in paths(parsed, names)]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a.b.c + d['e'][0]", ["a.b.c", "d.e[0]"]),
        ("a[b.c].d", ["a", "b.c"]),
        ("a[0].b[i]", ["a[0].b", "i"]),
        ("length(a.b)", ["a.b"]),
        ("a.b | default(c.d)", ["a.b?", "c.d"]),
        ("a.b exists", ["a.b?"]),
        ("a.b is defined and a.b.c > 1 and a.d", ["a.b?", "a.b.c?", "a.d"]),
        ("a.b.c if a.b exists else a.b", ["a.b?", "a.b.c?", "a.b"]),
        ("a.b.c if a exists else 1", ["a?", "a.b.c?"]),
        ("a.c if a.b exists else 1", ["a.b?", "a.c"]),
        ("a.b exists or a.b.c", ["a.b?", "a.b.c"]),
        ("not (a.b exists) and a.b", ["a.b?", "a.b"]),
        ("any(a.b, 'c > 1 and d.e')", ["a.b"]),
        ("-a.b > 3 ? c : d", ["a.b", "c", "d"]),
    ],
)
def test_the_places_an_expression_looks_at(expression: str, found: list[str]) -> None:
    assert sorted(seen(expression)) == sorted(found)


def test_a_template_binds_names_with_for_and_guards_them_with_if() -> None:
    text = "{% for x in a.b %}{{ x.c }}{{ d }}{% endfor %}{% if e.f exists %}{{ e.f.g }}{% endif %}"
    parsed, names = names_in_template(text)
    assert [(str(path), path.guarded) for path in paths(parsed, names)] == [
        ("a.b", False),
        ("d", False),
        ("e.f", True),
        ("e.f.g", True),
    ]


def test_the_line_of_a_place_is_counted_in_its_text() -> None:
    parsed, names = names_in_template("one\ntwo {{ a }}\n{{ 1 }}\n{{ b.c }}")
    assert [(path.name, path.line) for path in paths(parsed, names)] == [("a", 2), ("b", 4)]


@pytest.mark.parametrize(
    ("text", "trail"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("[2].a", (2, "a")),
        ("a[*].b", ("a", 0, "b")),
        ("a[-1]", ("a", -1)),
    ],
)
def test_trails_are_read(text: str, trail: tuple[str | int, ...]) -> None:
    assert trail_of(text) == trail
    assert spelled(trail) == text.replace("*", "0")


@given(st.text(alphabet="ab.[]*0-1", max_size=12))
def test_any_text_is_a_trail_or_none(text: str) -> None:
    with suppress(ValueError):
        trail = trail_of(text)
        assert trail_of(spelled(trail)) == trail
