"""Values of expressions, by GitHub's rules."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.evaluator import Scope, evaluate
from bot.simulator.actions.expressions.values import ExactKeys, to_text

SCOPE = Scope(
    {
        "github": {"ref": "refs/heads/main", "Event": {"pull": [{"n": 1}, {"n": 2}, {"m": 3}]}},
        "env": ExactKeys({"Path": "x"}),
        "needs": {"a": {"result": "success"}, "b": {"result": "failure"}},
        "list": ["one", "Two", 3],
    }
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("null", None),
        ("true", True),
        ("0xff", 255.0),
        ("0o17", 15.0),
        ("-9.5e2", -950.0),
        ("'it''s'", "it's"),
        ("1 == true", True),
        ("'' == 0", True),
        (f"fromJSON('1{'0' * 400}') == 1", False),
        (f"fromJSON('-1{'0' * 400}') < -1e300", True),
        ("'abc' == 0", False),
        ("null == 0", True),
        ("null == ''", True),
        ("'ABC' == 'abc'", True),
        ("'a' < 'B'", True),
        ("NaN == NaN", False),
        ("NaN != NaN", True),
        ("'abc' <= 1", False),
        ("!''", True),
        ("!'0'", False),
        ("!NaN", True),
        ("'' || 'default'", "default"),
        ("0 && 'never'", 0.0),
        ("true && 'a' || 'b'", "a"),
        ("1 == 1 == true", True),
        ("!true || true", True),
        ("github.ref", "refs/heads/main"),
        ("GITHUB.REF", "refs/heads/main"),
        ("github['ref']", "refs/heads/main"),
        ("github.event.pull[1].n", 2),
        ("github.event.pull[9].n", None),
        ("github.nothing.at.all", None),
        ("github.ref.nothing", None),
        ("env.Path", "x"),
        ("env.path", None),
        ("github.event.pull.*.n", [1, 2]),
        ("needs.*.result", ["success", "failure"]),
        ("contains(needs.*.result, 'FAILURE')", True),
        ("contains(list, 'two')", True),
        ("contains(list, '3')", True),
        ("contains('Hello', 'ELL')", True),
        ("contains(github, 'ref')", False),
        ("startsWith('Hello', 'he')", True),
        ("endsWith('Hello', 'LO')", True),
        ("format('{{{0}}} {1} {0}', 'a', 2)", "{a} 2 a"),
        ("join(list, '-')", "one-Two-3"),
        ("join('alone')", "alone"),
        ("join(list)", "one,Two,3"),
        ("fromJSON('[1, {\"a\": null}]')[1].a", None),
        ("fromJSON('[\"\\ud800\"]')[0]", "\ufffd"),
        ("toJSON(fromJSON('{\"a\":[1,2]}'))", '{\n  "a": [\n    1,\n    2\n  ]\n}'),
        ("case(false, 1, true, 2, 3)", 2.0),
    ],
)
def test_values(expression: str, value: Any) -> None:
    assert evaluate(expression, SCOPE) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((None, ""), (True, "true"), (1.0, "1"), (1.5, "1.5"), (1e21, "1E+21")),
        *((0.1 + 0.2, "0.3"), ({}, "Object"), ([], "Array")),
        *((math.nan, "NaN"), (-math.inf, "-Infinity")),
    ],
)
def test_texts_of_values(value: Any, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("secrets.TOKEN", "Unrecognized named-value: 'secrets'. Located at position 1"),
        ("false && nosuch.x", "Unrecognized named-value: 'nosuch'. Located at position 10"),
        ("nosuch(1)", "Unrecognized function: 'nosuch'. Located at position 1"),
        ("success()", "Unrecognized function: 'success'"),
        ("hashFiles('x')", "Unrecognized function: 'hashFiles'"),
        ("contains('a')", "Too few parameters supplied for function: 'contains'"),
        ("join(1, 2, 3)", "Too many parameters supplied for function: 'join'"),
        ("github.", "Unexpected end of expression"),
        ("1 +", "Unexpected symbol: '+'. Located at position 3 within expression: 1 +"),
        ("'open", "Unexpected symbol"),
        ('"double"', "Unexpected symbol"),
        ("(1", "Unexpected end of expression"),
        ("1 2", "Unexpected symbol: '2'. Located at position 3"),
        ("", "An expression was expected"),
        ("fromJSON('{')", "Error parsing fromJson"),
        ("format('{0}')", "references more arguments than were supplied"),
        ("format('{')", "The following format string is invalid"),
        ("(" * 60 + "1" + ")" * 60, "Exceeded max expression depth 50"),
        ("!" * 60 + "1", "Exceeded max expression depth 50"),
        ("github" + ".a" * 60, "Exceeded max expression depth 50"),
        ("1 " * 20_000, "exceeds 21,000 characters"),
    ],
)
def test_errors_name_the_fault_and_its_place(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression, SCOPE)
    assert message in str(caught.value)


def test_a_chain_may_be_as_long_as_an_expression() -> None:
    assert evaluate("||".join(["false"] * 2_999 + ["'last'"]), Scope()) == "last"


def test_a_result_may_not_grow_without_bound() -> None:
    doubling = "format('" + "{0}" * 200 + "', {})"
    expression = doubling.replace("{}", doubling.replace("{}", f"'{'x' * 500}'"))
    with pytest.raises(ExpressionError, match="longer than"):
        evaluate(expression, Scope())


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=9), st.lists))
def test_json_survives_both_ways(value: Any) -> None:
    scope = Scope({"x": {"v": value}})
    assert json.loads(evaluate("toJSON(x.v)", scope)) == value
    assert evaluate("fromJSON(toJSON(x.v))", scope) == value


@given(st.text(alphabet="abcx. ()[]'*!=<>&|,0123456789-_\"{}$", max_size=40))
def test_any_text_gives_a_value_or_a_named_error(text: str) -> None:
    with suppress(ExpressionError):
        evaluate(text, SCOPE)


@given(st.text(max_size=30))
def test_quoting_round_trips(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    assert evaluate(quoted, Scope()) == text


LOOSE = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "1", "a", "A"])


@given(LOOSE, LOOSE)
def test_comparisons_agree_with_one_another(left: Any, right: Any) -> None:
    scope = Scope({"x": {"l": left, "r": right}})

    def holds(operator: str) -> bool:
        return bool(evaluate(f"x.l {operator} x.r", scope))

    assert holds("==") is not holds("!=")
    assert holds("==") is bool(evaluate("x.r == x.l", scope))
    assert not (holds("<") and holds(">"))
    if holds("=="):
        assert holds("<=")
        assert holds(">=")
