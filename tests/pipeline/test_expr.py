# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pipeline.expr import ExpressionError, evaluate, holds, render, resolve
from bot.pipeline.results import StepResult
from bot.pipeline.scope import Scope


def scope(data: Any = None, *, text: str = "") -> dict[str, Any]:
    """A scope with the step `verify` of the conditions table."""
    made = Scope({"goal": "g"})
    made.record(StepResult("verify", "claude", "succeeded", data=data, text=text))
    return made.flat()


TABLE = {
    "status": "passed",
    "n": 3,
    "path": "lib/a.ex",
    "state": "in-progress",
    "ok": True,
    "list": ["x", 2],
    "items": [5],
}


@pytest.mark.parametrize(
    "condition",
    [
        "verify.status == 'passed'",
        "verify.n >= 3",
        "verify.n between 1 and 5",
        {"and": ["verify.status == 'passed'", "verify.n > 2"]},
        "steps.verify.status == 'passed'",
        "{{steps.verify.ok}}",
        "verify.status=='passed'",
        "verify.path == 'lib/a.ex'",
        "verify.state == 'in-progress'",
        "verify.path matches '.*ex'",
        "verify.path matches '\\.ex$'",
        "verify.ok and verify.n == 3",
        "not verify.missing exists",
        "verify.status in ['passed', 'skipped']",
        "verify.list exists",
        "verify.path starts_with 'lib/'",
        "verify.path ends_with '.ex'",
    ],
)
def test_every_row_of_the_conditions_table_is_true(condition: Any) -> None:
    assert holds(condition, scope(TABLE)) is True


def test_a_field_of_a_text_result_is_a_clear_error() -> None:
    with pytest.raises(
        ExpressionError, match=r"step 'verify' answered text, which has no field 'status'"
    ):
        holds("verify.status == 'passed'", scope(None, text="it passed"))
    assert holds("verify.text contains 'passed'", scope(None, text="it passed"))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("verify.n < 3", False),
        ("verify.n <= 3", True),
        ("verify.n != 3", False),
        ("verify.n - 3 == 0", True),
        ("verify.n between 4 and 5", False),
        ("verify.n not between 4 and 5", True),
        ("verify.n between 1 and 2 or verify.ok", True),
        ("verify.n between -1 and verify.n", True),
        ("verify.list contains 2 and verify.list contains 'x'", True),
        ("verify.path not contains 'zz'", True),
        ("verify.items contains 5", True),
        ("length(verify.list) == 2", True),
        ("{{ verify.n }} > 2 and {{ verify.ok }}", True),
        (["verify.ok", "verify.n == 4"], False),
        ({"or": ["verify.n == 4", {"not": "verify.n == 5"}]}, True),
        (False, False),
        ("verify.outcome == 'succeeded' and verify.success", True),
        ("goal == 'g' and inputs.goal == 'g'", True),
    ],
)
def test_conditions(condition: Any, expected: bool) -> None:
    assert holds(condition, scope(TABLE)) is expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("nope == 1", "'nope' is undefined"),
        ("verify.nope == 1", "step 'verify' has no field 'nope'; there are: data"),
        ("verify.status", "gives the text 'passed', which is neither true nor false"),
        ("'{{ goal }}' == 'g'", "inside quotes"),
        ("verify.n >", "unexpected"),
        ("verify.n between 1", "joined by 'and'"),
        ("verify.n contains", "needs a value on its right"),
        ("verify.n contains 3", "needs text, a list or a map, got a number"),
        ("verify.path matches '('", "bad pattern"),
        ("verify.n > 'x'", "not supported between"),
        ("", "empty"),
        ({"xor": []}, "has the key and, or, not; got 'xor'"),
        ({"and": "verify.ok"}, "takes a list"),
        (3, "got a number"),
        (None, "got null"),
    ],
)
def test_a_bad_condition_is_a_clear_error(condition: Any, message: str) -> None:
    with pytest.raises(ExpressionError) as error:
        holds(condition, scope(TABLE))
    assert message in str(error.value)


def test_a_skipped_step_says_so() -> None:
    made = Scope({})
    made.record(StepResult("verify", "claude", "skipped"))
    with pytest.raises(ExpressionError, match="step 'verify' was skipped"):
        holds("verify.status == 'passed'", made.flat())
    assert holds("not verify.success", made.flat())


@pytest.mark.parametrize(
    "attack",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 9**9**9 }}",
        "{{ 'a' * 999999999 }}",
        "{{ 999999999 * 999999999 * 999999999 }}",
        "{{ ().__class__.__bases__ }}",
        "{{ goal.format(1) }}",
        "{{ goal.join([1]) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ goal | format(1) }}",
        "{{ goal | center(999999999) }}",
        "{{ goal | attr('__class__') }}",
        "{{ range(100000000) }}",
        "{{ lipsum(10000) }}",
        "{{ namespace(a=1) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set x = goal ~ goal %}",
        "{% include 'x' %}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% for a in l %}{% for b in l %}{% for c in l %}{% for d in l %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ true + 1 }}",
        "{{ round(5, -999999999) }}",
        "{{ 5 | round(999999999, 'ceil') }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
    ],
)
def test_a_template_can_neither_escape_nor_allocate(attack: str) -> None:
    with pytest.raises(ExpressionError):
        render(attack, {"goal": "g", "l": [1]})


def test_output_of_a_template_is_bounded() -> None:
    looping = "{% for a in l %}{% for b in l %}{{ text }}{% endfor %}{% endfor %}"
    with pytest.raises(ExpressionError, match="too large"):
        render(looping, {"l": list(range(1000)), "text": "x" * 1000})


def test_data_with_template_marks_stays_inert() -> None:
    hostile = "{{ secret }}{% for a in b %}"
    assert render("<{{ value }}>", {"value": hostile, "secret": "s"}) == f"<{hostile}>"
    assert resolve({"a": ["{{ value }}"]}, {"value": hostile, "secret": "s"}) == {"a": [hostile]}


def test_values_keep_their_type_when_the_text_is_one_expression() -> None:
    names = {"l": [1, {"a": None}], "n": 2}
    assert resolve(["{{ l }}", " {{ n }} ", "{{- n -}}", "{{ n }}{{ n }}", 7, True], names) == [
        [1, {"a": None}], 2, 2, "22", 7, True,
    ]  # fmt: skip
    assert resolve("{{ {'a': {'b': n}} }}", names) == {"a": {"b": 2}}


def test_values_in_a_text_are_json() -> None:
    names = {"l": ["ä", True, None], "m": {"a": 1}, "yes": True, "none": None, "f": 1.5}
    assert (
        render("{{ l }} {{ m }} {{ yes }} {{ none }} {{ f }}", names)
        == '["ä", true, null] {"a": 1} true null 1.5'
    )


def test_maps_have_fields_not_methods() -> None:
    assert evaluate("m.items", {"m": {"items": [1]}}) == [1]
    with pytest.raises(ExpressionError, match="no field 'keys'"):
        evaluate("m.keys", {"m": {}})


def test_an_infix_word_may_still_be_a_name() -> None:
    assert holds("matches.between == 1 and exists", {"matches": {"between": 1}, "exists": True})


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_arbitrary_text_renders_or_is_an_expression_error(text: str) -> None:
    for act in (render, evaluate, holds, resolve):
        with suppress(ExpressionError):
            act(text, {"a": 1})


_ATOMS = st.sampled_from(
    "a b.c 1 'x' ( ) [ ] { } not and or contains between matches exists is in == < - * . | {{ }} {% %} if else".split()
)


@given(st.lists(_ATOMS, max_size=12).map(" ".join))
@settings(max_examples=500, deadline=None)
def test_arbitrary_token_sequences_evaluate_or_are_an_expression_error(text: str) -> None:
    with suppress(ExpressionError):
        holds(text, {"a": 1, "b": {"c": "x"}})


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-50, 50))
def test_between_is_the_two_comparisons(value: int, low: int, high: int) -> None:
    names = {"v": value, "low": low, "high": high}
    assert holds("v between low and high", names) == (low <= value <= high)
