# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.expressions.expr import ExpressionError, evaluate, names_in_expression, render
from bot.pipeline.expressions.functions import ALIASES, FUNCTIONS
from tests.pipeline.support import run, steps

NAMES: dict[str, Any] = {
    "issues": [
        {"id": 2, "severity": "high", "state": "open", "tags": ["a", "b"]},
        {"id": 1, "severity": "low", "state": "shut", "tags": []},
        {"id": 3, "severity": "high", "state": "open", "tags": ["b"]},
    ],
    "config": {"db": {"host": "h"}, "port": 1},
    "inputs": {"limit": 1, "wanted": "high"},
    "state": {"seen": [3]},
    "text": " Ein Wort ",
    "__now__": "2026-11-25T10:00:00Z",
}  # fmt: skip

CASES: dict[str, list[tuple[str, Any]]] = {
    "length": [("length('ä€')", 2), ("length(issues)", 3), ("length(config)", 2), ("issues | length", 3)],
    "count": [("count(issues)", 3), ("count(issues, 'severity == \"high\"')", 2), ("count([])", 0)],
    "sum": [("sum([1, 2.5])", 3.5), ("sum([])", 0), ("sum([1, null])", 1), ("issues | sum('id')", 6)],
    "average": [("average([1, 2])", 1.5), ("average([])", None), ("average([2, null])", 2)],
    "min": [("min([3, 1])", 1), ("min(3, 1, 2)", 1), ("min([])", None), ("min(['b', 'a'])", "a")],
    "max": [("max([3, 1])", 3), ("max(3, 1, 2)", 3), ("max([null, 2])", 2)],
    "any": [("any(issues, 'id > 2')", True), ("any([false, 1])", True), ("any([], 'x')", False)],
    "all": [("all(issues, 'id > 0')", True), ("all([true, 0])", False), ("all([], 'x')", True)],
    "now": [("now()", "2026-11-25T10:00:00Z"), ("now() - hours(1)", "2026-11-25T09:00:00Z")],
    "date": [("date('2026-11-25')", "2026-11-25T00:00:00Z"), ("date(0)", "1970-01-01T00:00:00Z"),
             ("date('2026-11-25T12:00:00+02:00')", "2026-11-25T10:00:00Z")],
    "days": [("days(1)", 86400), ("now() + days(0.5)", "2026-11-25T22:00:00Z")],
    "hours": [("hours(24) == days(1)", True), ("now() - date('2026-11-25') == hours(10)", True)],
    "minutes": [("minutes(2)", 120), ("minutes(1) + now()", "2026-11-25T10:01:00Z")],
    "seconds": [("seconds(3)", 3), ("'2026-11-25T10:00:03Z' - now()", 3)],
    "upper": [("upper('aß')", "ASS"), ("'a' | upper", "A")],
    "lower": [("lower('ÄB')", "äb")],
    "trim": [("trim(text)", "Ein Wort")],
    "substring": [("substring('abcdef', 0, 3)", "abc"), ("substring('abcdef', 2, 3)", "cde"),
                  ("substring('abc', 1)", "bc"), ("substring('abc', -2, 1)", "b"), ("substring('abc', 5, 2)", ""),
                  ("substring('abc', -9, 2)", "ab"), ("substring('abc', 1, -1)", "")],
    "split": [("split('a,b,', ',')", ["a", "b", ""]), ("split(' a  b ')", ["a", "b"])],
    "join": [("join(['a', 1, null, true], ', ')", "a, 1, null, true"), ("join([])", "")],
    "replace": [("replace('a.csv', '.csv', '.json')", "a.json"), ("'aa' | replace('a', 'b')", "bb")],
    "hash": [("substring(hash('a'), 0, 8)", "ca978112"), ("hash({'a': 1}) == hash({'a': 1})", True)],
    "json": [("json({'a': [1, null]})", '{"a": [1, null]}'), ("json('ä')", '"ä"'), ("json([1], 2)", "[\n  1\n]")],
    "slice": [("slice([1, 2, 3], 1)", [2, 3]), ("slice([1, 2, 3], 0, 2)", [1, 2])],
    "chunk": [("chunk([1, 2, 3], 2)", [[1, 2], [3]]), ("chunk([], 2)", [])],
    "contains": [("contains('abc', 'b')", True), ("contains([1], 2)", False), ("contains(config, 'db')", True)],
    "matches": [("matches('abc', '^a.c$')", True), ("matches('a b', '\\bb')", True)],
    "starts_with": [("starts_with('abc', 'ab')", True), ("startsWith('abc', 'b')", False)],
    "ends_with": [("ends_with('abc', 'bc')", True), ("endsWith('abc', 'b')", False)],
    "between": [("between(2, 1, 3)", True), ("between('b', 'a', 'b')", True), ("between(4, 1, 3)", False)],
    "empty": [("empty('')", True), ("isEmpty([1])", False), ("empty(null) and empty({})", True), ("empty(0)", False)],
    "add": [("add(1, 2)", 3)],
    "subtract": [("subtract(1, 2)", -1)],
    "multiply": [("multiply(2, 2.5)", 5.0)],
    "divide": [("divide(1, 4)", 0.25)],
    "pow": [("pow(2, 10)", 1024), ("pow(4, 0.5)", 2.0), ("pow(2, -1)", 0.5), ("pow(1, 999999999)", 1)],
    "sqrt": [("sqrt(9)", 3.0)],
    "abs": [("abs(-3)", 3), ("-3 | abs", 3)],
    "round": [("round(2.5)", 3), ("round(-2.5)", -3), ("round(2.675, 2)", 2.68), ("round(1250, -2)", 1300),
              ("5.5 | round", 6)],
    "floor": [("floor(-1.5)", -2), ("floor(3)", 3)],
    "ceil": [("ceil(1.1)", 2)],
    "filter": [("filter(issues, 'state == \"open\" and tags contains \"a\"') | length", 1),
               ("filter([1, 2, 3], 'item > 1')", [2, 3]), ("filter([1, 2, 3], '@ > 1')", [2, 3]),
               ("filter({'a': 1, 'b': 2}, 'value > 1')", {"b": 2}), ("filter(issues, 'index == 1')[0].id", 1),
               ("issues | filter('id == 1') | length", 1)],
    "map": [("map(issues, 'id')", [2, 1, 3]), ("map([1, 2], 'item * 2 + index')", [2, 5]),
            ("map({'a': 1}, 'key ~ value')", ["a1"]), ("map(issues, 'length(tags)')", [2, 0, 1]),
            ("issues | map(attribute='id') | list", [2, 1, 3]), ("['a'] | map('upper') | first", "A")],
    "keys": [("keys(config)", ["db", "port"])],
    "values": [("values({'a': 1})", [1])],
    "merge": [("merge({'a': 1, 'b': 1}, {'b': 2}, {'c': 3})", {"a": 1, "b": 2, "c": 3})],
    "first": [("first(issues).id", 2), ("first([])", None), ("[] | last", None)],
    "last": [("last([1, 2])", 2)],
    "unique": [("unique([1, 1.0, true, '1', null, null])", [1, True, "1", None]),
               ("unique(issues, 'severity') | length", 2), ("unique([{'a': [1]}, {'a': [1.0]}])", [{"a": [1]}])],
    "sort": [("sort([3, null, 1])", [1, 3, None]), ("map(sort(issues, 'id'), 'id')", [1, 2, 3]),
             ("sort(['b', 'A'])", ["A", "b"]), ("sort([true, false])", [False, True])],
    "append": [("append([1], [2])", [1, [2]])],
    "concat": [("concat('a', 'b')", "ab"), ("concat([1], [2], [])", [1, 2])],
    "range": [("range(3)", [0, 1, 2]), ("range(1, 10, 4)", [1, 5, 9]), ("range(3, 0, -2)", [3, 1])],
}  # fmt: skip


def test_every_function_has_cases() -> None:
    assert set(CASES) == set(FUNCTIONS) - set(ALIASES)


@pytest.mark.parametrize(("source", "value"), [case for cases in CASES.values() for case in cases])
def test_functions_do_what_they_say(source: str, value: Any) -> None:
    found = evaluate(source, NAMES)
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("sum([1, 'a'])", "'sum' needs numbers, got the text 'a'"),
        ("sum([true])", "'sum' needs numbers, got true"),
        ("sum(3)", "'sum' needs a list, got the number 3"),
        ("divide(1, 0)", "division by zero: 1 / 0"),
        ("1 % 0", "division by zero"),
        ("'3' + 1", "'+' needs numbers, got the text '3'"),
        ("sqrt(-1)", "'sqrt' has no result for -1"),
        ("pow(-8, 0.5)", "'pow' has no result"),
        ("pow(10, 400)", "too large"),
        ("pow(10, 16)", "a number grows too large"),
        ("1e308 * 10 - 1e308 * 10", "a number grows too large"),
        ("round(x.y)", "'round' needs a finite number"),
        ("1e999", "a number is too large"),
        ("floor(x.y)", "infinity"),
        ("round(1, 0.5)", "'round' needs a whole number"),
        ("length(3)", "needs text, a list or a map, got the number 3"),
        ("upper(null)", "'upper' needs a text, got null"),
        ("sort([1, 'a'])", "cannot compare"),
        ("sort([{}, {}])", "cannot compare a map with a map"),
        ("min(['a', 1])", "cannot compare"),
        ("date('yesterday')", "the text 'yesterday' is no date or time"),
        ("date(1764064800000)", "is no date or time"),
        ("now() + now()", "'+' cannot combine"),
        ("now() * 2", "'*' cannot combine"),
        ("now() - days(9999999)", "there is no date"),
        ("now() == 'x'", "the text 'x' is no date or time"),
        ("range(1, 2, 0)", "step other than 0"),
        ("range(0.5)", "'range' needs a whole number"),
        ("split('a', '')", "needs a separator"),
        ("replace('a', '', 'b')", "something to replace"),
        ("chunk([1], 0)", "'chunk' needs a size of at least 1"),
        ("json(1, 'a')", "'json' needs a whole number"),
        ("keys([])", "'keys' needs a map, got a list"),
        ("any(3, 'x')", "'any' needs a list, got the number 3"),
        (
            "matches('a', '(?=a)')",
            "bad pattern '(?=a)': look-ahead and look-behind are not supported",
        ),
        (
            "filter(issues, 'nope > 1')",
            "'nope > 1', item 0: there is no field 'nope'; there are: id, severity",
        ),
        ("filter([1], 'nope > 1')", "item 0: a number has no field 'nope'"),
        (
            "filter(issues, 'severity')",
            "item 0: gives the text 'high', which is neither true nor false",
        ),
        ("map(issues, 'id +')", "unexpected"),
        ("append([1], config.nope)", "there is no field 'nope'"),
        ("[config.nope]", "there is no field 'nope'"),
        ("{'a': config.nope}", "there is no field 'nope'"),
        ("{config: 1}", "a key must be text, got a map"),
        ("(1, config.nope)", "there is no field 'nope'"),
    ],
)
def test_wrong_use_is_a_clear_error(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as error:
        evaluate(source, {**NAMES, "x": {"y": math.inf}})
    assert message in error.value.message


def test_now_is_when_the_run_started_and_nothing_else() -> None:
    assert render("{{ now() }}", NAMES) == "2026-11-25T10:00:00Z"
    assert evaluate("map(issues, 'now()')[0]", NAMES) == "2026-11-25T10:00:00Z"
    with pytest.raises(ExpressionError, match=r"now\(\) is not known here"):
        evaluate("now()", {})


def test_names_from_around_a_list_are_written_with_where_they_live() -> None:
    assert evaluate("map(filter(issues, 'id > inputs.limit'), 'id')", NAMES) == [2, 3]
    assert (
        evaluate("filter(issues, 'severity == inputs.wanted and id in state.seen') | length", NAMES)
        == 1
    )
    with pytest.raises(ExpressionError, match="there is no field 'text'"):
        evaluate("filter(issues, 'severity == text')", NAMES)


def test_the_pipeline_decides_what_a_name_means_not_the_data() -> None:
    names = {
        "l": [{"id": 1, "inputs": {"limit": 9}, "state": "open"}],
        "inputs": {"limit": 5},
        "state": {"x": 1},
    }
    assert evaluate("filter(l, 'inputs.limit == 5 and state == \"open\"') | length", names) == 1
    assert evaluate("map(l, 'item.inputs.limit + state.x')", {**names, "l": names["l"]}) == [10]


def test_functions_and_variables_of_the_same_name_do_not_meet() -> None:
    assert evaluate("count(count) + first(first)", {"count": [1], "first": [5]}) == 6
    assert evaluate("map([{'map': 2}], 'map + length([map])')", {}) == [3]


def test_conditions_within_conditions() -> None:
    source = """filter(issues, 'any(tags, "@ == \\\\"b\\\\" && inputs.limit == 1") && id > 2')"""
    assert [issue["id"] for issue in evaluate(source, NAMES)] == [3]


def test_what_is_asked_of_items_is_checked_with_the_rest() -> None:
    parsed, names = names_in_expression(
        "any(a.b, 'x > steps.later.n and vars == 2 and all(y, \"inputs.z\")')"
    )
    assert names == {"a", "steps", "inputs"}
    with pytest.raises(ExpressionError, match="there is no function 'lenght'"):
        names_in_expression("any(a, 'lenght(x) > 1')")
    assert parsed.body


def test_data_is_never_evaluated() -> None:
    names = {
        "l": [{"c": "1 == 1"}],
        "cond": "true",
        "steps": {"a": {"b": "{{ secret }}"}},
        "secret": "s",
    }
    assert evaluate("map(l, 'c')", names) == ["1 == 1"]
    for source in ("any(l, cond)", "l | map('any()', cond)", "l | map('any', cond)", "l | map('=truth')",
                   "l | select('any()', cond)", "l | map('map', 'c')", "l | selectattr('c', 'any()')"):  # fmt: skip
        with pytest.raises(ExpressionError):
            evaluate(source, names)
    assert evaluate("map([1], 'steps.a.b')", names) == ["{{ secret }}"]


def test_a_run_says_now_and_means_its_start() -> None:
    text = """
    - name: s
      type: set_variable
      variables: {same: "{{ now() == date(timestamp) }}", day: "{{ now() > date(date) }}"}
    """
    result = run(steps(text))
    assert result.error is None
    assert result.steps["s"].data == {"same": True, "day": True}


_NUMBERS = st.lists(st.integers(-1000, 1000) | st.floats(-1000, 1000), max_size=8)


@given(_NUMBERS)
def test_numbers_agree_with_python(values: list[float]) -> None:
    names = {"v": values}
    assert math.isclose(evaluate("sum(v)", names), sum(values), abs_tol=1e-9)
    assert evaluate("sort(v)", names) == sorted(values)
    assert evaluate("min(v)", names) == min(values, default=None)
    assert evaluate("max(v)", names) == max(values, default=None)
    assert evaluate("count(v, '@ > 0')", names) == sum(value > 0 for value in values)
    assert evaluate("length(filter(v, '@ > 0')) + length(filter(v, '@ <= 0'))", names) == len(
        values
    )


@given(st.text(max_size=20), st.integers(-25, 25), st.integers(-5, 25))
def test_a_substring_is_inside_its_text(text: str, start: int, length: int) -> None:
    found = evaluate("substring(t, s, l)", {"t": text, "s": start, "l": length})
    assert found in text
    assert len(found) <= max(length, 0)


@given(st.text(max_size=30), st.text(min_size=1, max_size=3))
def test_what_is_split_joins_again(text: str, separator: str) -> None:
    assert evaluate("join(split(t, s), s)", {"t": text, "s": separator}) == text


@given(st.decimals(-1000, 1000, places=3), st.integers(0, 3))
def test_rounding_is_at_most_half_a_step_off(value: Any, places: int) -> None:
    found = evaluate("round(v, p)", {"v": float(value), "p": places})
    assert abs(found - float(value)) <= 0.5 * 10**-places + 1e-9
