# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import meta

from bot.pipeline.expressions.expr import (
    ExpressionError,
    evaluate,
    holds,
    names_in_template,
    render,
)
from bot.pipeline.expressions.sandbox import Sandbox

NAMES: dict[str, Any] = {
    "a": True, "b": False, "n": 3, "text": "lib/a.ex", "list": [1, 2, 3], "m": {"not": 1, "null": 2, "in": 3},
    "matches": {"between": 1}, "exists": True, "empty": [], "count": 7, "date": "today",
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("n + 1 between 4 and 2 + 2", True),
        ("n * 2 between 1 + 1 and n + n", True),
        ("text ~ 's' ends_with '.' ~ 'exs'", True),
        ("'x' ~ text contains 'xlib'", True),
        ("not text contains 'zz' and n > 2", True),
        ("text contains 'lib' ? n : 0", 3),
        ("text | upper contains 'LIB'", True),
        ("text contains 'LIB' | lower", True),
        ("n not between 4 and 5", True),
        ("n is between(1, 5)", True),
        ("text is not starts_with('test')", True),
        ("list contains n", True),
        ("(list contains 9) == b", True),
        ("1 < n <= 3 < 4", True),
        ("1 < n < 3", False),
        ("n in [1, 2] or n in [3]", True),
        ("matches.between == 1 and exists", True),
        ("empty empty", True),
        ("exists exists", True),
        ("count > 5 and date == 'today'", True),
        ("count(list) + count", 10),
        ("m.null + m.in + m.not", 6),
        ("m['null']", 2),
        ("list.length + text.length", 11),
        ("list[-1]", 3),
        ("list[1:]", [2, 3]),
        ("text[:3]", "lib"),
        ("list.0", 1),
        ("nothing.at.all exists", False),
        ("list[9].x exists", False),
        ("null is none and nil == none", True),
    ],
)
def test_words_stand_where_comparisons_stand(source: str, value: Any) -> None:
    assert evaluate(source, {**NAMES, "nothing": {}}) == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("a && n == 3", True),
        ("b || a", True),
        ("b||a&&b", False),
        ("(b||a)&&a", True),
        ("!b", True),
        ("!a == b", True),
        ("!m.null == false", True),
        ("!!a", True),
        ("!(n > 5) && a", True),
        ("n != 4", True),
        ("a ? 'yes' : 'no'", "yes"),
        ("n > 5 ? 'big' : n > 2 ? 'middle' : 'small'", "middle"),
        ("b ? 1 : a ? b ? 2 : 3 : 4", 3),
        ("n > 2 && b ? 'both' : 'not both'", "not both"),
        ("{'p': n > 2 ? 'high' : 'normal', 'q': [b ? 1 : 2]}", {"p": "high", "q": [2]}),
        ("list[a ? 0 : 1]", 1),
        ("list[a ? 1 : 0:]", [2, 3]),
        ("length(b ? list : [1])", 1),
        ("(a ? 'x' : 'y') ~ 'z'", "xz"),
        ("a ? 'x' : 'y' ~ 'z'", "x"),
        ("'x' if a else 'y'", "x"),
    ],
)
def test_the_signs_of_c_mean_what_they_mean_in_c(source: str, value: Any) -> None:
    assert evaluate(source, NAMES) == value
    assert render("<{{ " + source + " }}>", NAMES) == render("<{{ v }}>", {"v": value})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a ? 1", "expected token ':'"),
        ("a ? : 1", "unexpected ':'"),
        ("'x' if a ? b : a else 'y'", "else"),
        ("a & b", "unexpected char '&'"),
        ("n ? 1 : 2 : 3", "':'"),
        ("a === b", "unexpected"),
        ("x = 1", "'='"),
        ("n contains and a", "needs a value on its right"),
        ("n between 1 or 2", "joined by 'and'"),
        ("foo(1)", "there is no function 'foo'"),
        ("a(1)", "there is no function 'a'"),
        ("length(*list)", "not supported in a call"),
        ("list | map('upper', **m)", "not supported in a call"),
        ("self", "the name 'self' is not available"),
        ("any(list, text)", "the second argument of 'any' must be a text written here"),
        ("list | filter(text)", "the second argument of 'filter' must be a text written here"),
        ("map(list, 'x' ~ 'y')", "the second argument of 'map' must be a text written here"),
    ],
)
def test_what_does_not_parse_says_why(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as error:
        evaluate(source, NAMES)
    assert message in error.value.message


@pytest.mark.parametrize(
    "template",
    [
        "{% set x = 1 %}", "{% macro m() %}{% endmacro %}", "{% include 'x' %}", "{% import 'x' as y %}",
        "{% extends 'x' %}", "{% block b %}{% endblock %}", "{% filter upper %}x{% endfilter %}", "{% print 1 %}",
        "{% call f() %}{% endcall %}", "{% with a = 1 %}{% endwith %}", "{% autoescape true %}{% endautoescape %}",
        "{% for x in l recursive %}{% endfor %}", "{% break %}", "{% do f() %}",
    ],
)  # fmt: skip
def test_statements_other_than_if_and_for_are_refused(template: str) -> None:
    with pytest.raises(ExpressionError, match=r"is not supported|are not supported"):
        render(template, {"l": []})


def test_if_and_for_work_in_templates() -> None:
    template = "{% for k, v in m | dictsort %}{{ loop.index }}{% if not loop.last %}{{ k }},{% else %}.{% endif %}{% endfor %}"
    assert render(template, {"m": {"a": 1, "b": 2}}) == "1a,2."
    assert (
        render("{% for x in l if x > 1 %}{{ x }}{% else %}none{% endfor %}", {"l": [1, 2]}) == "2"
    )
    assert (
        render("{% for a, (b, c) in l %}{{ a }}{{ b }}{{ c }}{% endfor %}", {"l": [[1, [2, 3]]]})
        == "123"
    )
    assert render("{% if a && !b || c %}yes{% endif %}", {"a": True, "b": False, "c": 0}) == "yes"


_BOOL = st.sampled_from(["a", "b", "(n > 2)", "(n == 4)"])
_TREE = st.recursive(
    _BOOL,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        inner.map(lambda t: f"!{t}"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
    ),
    max_leaves=8,
)


@given(_TREE)
def test_c_signs_and_words_come_to_the_same(source: str) -> None:
    def python(text: str) -> str:
        return text.replace("&&", "and").replace("||", "or").replace("!", " not ")

    if "?" not in source:
        plain = eval(python(source), {"a": True, "b": False, "n": 3})  # noqa: S307 - our own few words
        assert holds(source, NAMES) is holds(python(source), NAMES) is bool(plain)
    else:
        assert holds(source, NAMES) is not holds(f"!{source}", NAMES)


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in xs if x > y %}{{ x }}{{ loop.index }}{{ z }}{% else %}{{ x }}{{ loop }}{% endfor %}{{ x }}",
        "{% for a, (b, c) in items %}{% for d in c %}{{ a ~ b ~ c ~ d ~ e }}{% endfor %}{{ d }}{% endfor %}",
        "{% if a %}{{ b }}{% elif c %}{{ d }}{% else %}{{ e }}{% endif %}",
        "{{ a.b[c] | default(d) ? e : f if false else length(g) }}",
        "{{ {'k': a, b: [c, (d, e)]} }} {{ a[b:c] }} {{ x is divisibleby(y) }} {{ 1 < m <= n }}",
        "{{ max(p, q) }} {{ r | map('upper') | join(s) }} {{ t contains u and not v exists }}",
        "plain",
    ],
)
def test_the_names_it_needs_are_those_jinja_says(template: str) -> None:
    _, names = names_in_template(template)
    assert names == meta.find_undeclared_variables(Sandbox().checked(template))
