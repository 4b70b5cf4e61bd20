# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pipeline.expressions.expr import (
    ExpressionError,
    evaluate,
    holds,
    names_in_expression,
    render,
    resolve,
)
from bot.pipeline.expressions.filters import JINJA
from bot.pipeline.expressions.functions import FUNCTIONS

_BIG = "x" * 10_000_000
_LIST = list(range(100_000))


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
        "{{ '%999999999d' is even }}",
        "{{ '%999999999d' is divisibleby(1) }}",
        "{{ goal | format(1) }}",
        "{{ goal | center(999999999) }}",
        "{{ goal | attr('__class__') }}",
        "{{ goal['__class__'] }}",
        "{{ goal | map(attribute='__class__') }}",
        "{{ [goal] | map(attribute='format') }}",
        "{{ range(100000000) }}",
        "{{ lipsum(10000) }}",
        "{{ namespace(a=1) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set x = goal ~ goal %}",
        "{% include 'x' %}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ true + 1 }}",
        "{{ round(5, -999999999) }}",
        "{{ 5 | round(999999999, 'ceil') }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{ " + "[" * 500 + "1" + "]" * 500 + " }}",
        "{{ " + "!" * 5000 + "goal }}",
        "{{ " + "a ? " * 5000 + " }}",
        "{{ self }}",
        "{{ self._TemplateReference__context }}",
        "{{ __work__ }}",
        "{{ loop.__init__ }}",
    ],
)
def test_a_template_can_neither_escape_nor_allocate(attack: str) -> None:
    with pytest.raises(ExpressionError):
        render(attack, {"goal": "g", "l": [1]})


@pytest.mark.parametrize(
    "attack",
    [
        "{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in l %}{% for b in l %}{% if a == b %}{% endif %}{% endfor %}{% endfor %}",
        "{% for a in l %}{{ (big | upper).length }}{% endfor %}",
        "{% for a in l %}{% if big == same %}{% endif %}{% endfor %}",
        "{% for a in l %}{{ big[1:].length }}{% endfor %}",
        "{% for a in l %}{% if a in l %}{% endif %}{% endfor %}",
        "{{ l | select('in', l) | list | length }}",
        "{{ map(l, 'length(map(steps.l, \"1\"))') | length }}",
        "{{ big ~ big ~ big }}",
        "{{ (big + big) + big }}",
        "{{ [big, big, big, big, big, big, big, big, big, big, big] }}",
        "{{ join(l, big) }}",
        "{{ l | join(big) }}",
        "{{ replace(big, 'x', 'xxxxx') }}",
        "{{ big | replace('x', goal * 9) }}",
        "{{ 'a' | truncate(1, true, big ~ big) }}",
        "{{ [l] | sum(start=[]) }}",
        "{{ map(l, 'steps.big ~ 1') | length }}",
        "{{ map(l, 'upper(steps.big)') | length }}",
        "{{ nested | tojson(8) }}",
        "{{ concat(big, big, big) }}",
        "{{ l | map('replace', '1', big) | list | length }}",
        "{{ any(l, 'matches(steps.big, \"(x+x+)+y\")') }}",
        "{{ range(10000) | map('range') | list | length }}",
    ],
)
def test_work_that_has_no_end_is_stopped(attack: str) -> None:
    nested: list[Any] = [0]
    for _ in range(400):
        nested = [nested, "x" * 200_000]
    names = {
        "l": _LIST,
        "big": _BIG,
        "same": "".join(["x", _BIG[1:]]),
        "goal": "g",
        "nested": nested,
    }
    with pytest.raises(ExpressionError) as error:
        render(attack, {**names, "steps": names})
    assert error.value.message


def test_a_value_that_doubles_and_doubles_is_stopped() -> None:
    source = "[1]"
    for _ in range(60):
        source = f"map({source}, '[item, item]')"
    doubling = "x"
    for _ in range(60):
        doubling = f"[{doubling}, {doubling}]" if len(doubling) < 60 else doubling
    with pytest.raises(ExpressionError, match=r"too much data|nested too deeply|too large"):
        evaluate(source, {})


def test_honest_work_is_done() -> None:
    rows = [{"id": i, "path": f"lib/a{i}.ex", "tags": ["a", "b"]} for i in range(2_000)]
    template = (
        "{% for r in rows %}{{ r.id }} {{ r.path | upper }} {{ r.tags | join(',') }}\n{% endfor %}"
    )
    assert len(render(template, {"rows": rows}).splitlines()) == 2_000
    assert (
        len(
            evaluate(
                'filter(rows, \'path matches "[02468]\\\\.ex$" && "a" in tags\')', {"rows": rows}
            )
        )
        == 1_000
    )
    assert len(render("{{ text }}", {"text": "x" * 5_000_000})) == 5_000_000


def test_output_of_a_template_is_bounded() -> None:
    looping = "{% for a in l %}{% for b in l %}{{ text }}{% endfor %}{% endfor %}"
    with pytest.raises(ExpressionError, match=r"too large|too much"):
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
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_renders_or_is_an_expression_error(text: str) -> None:
    for act in (render, evaluate, holds, resolve):
        with suppress(ExpressionError):
            act(text, {"a": 1})


_ATOMS = st.sampled_from(
    [
        *"a b.c b.l 1 0 -1 2.5 'x' '%d' '' ( ) [ ] { } , : ~ + - * / // % == != < >= | . ? && || ! @".split(),
        *"not and or contains between matches exists empty in not_in starts_with is if else {{ }}".split(),
        *"null true now() 'item > 1' 'x.y' b.d b.e none even divisibleby loop inputs steps".split(),
        *(f"{name}(" for name in FUNCTIONS),
        *(f"| {name}" for name in (*JINJA, "tojson", "string", "escape", "sum")),
    ]
)
_DATA: dict[str, Any] = {
    "a": 1,
    "b": {"c": "x", "l": [1, "{{ a }}", None, {"x": {"y": 2}}], "d": {"x": {"y": 1}}, "e": True},
    "inputs": {"n": 1},
    "steps": {},
    "__now__": 0,
}


@given(st.lists(_ATOMS, max_size=12).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_arbitrary_token_sequences_evaluate_or_are_an_expression_error(text: str) -> None:
    for act in (holds, evaluate, lambda source, _: names_in_expression(source)):
        with suppress(ExpressionError):
            act(text, _DATA)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("2026-01-01"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@given(args=st.lists(_VALUES, max_size=3))
@settings(max_examples=25, deadline=None)
def test_no_function_breaks_on_any_data(name: str, args: list[Any]) -> None:
    names = {f"x{index}": value for index, value in enumerate(args)}
    given_args = list(names)
    if FUNCTIONS[name].condition and len(given_args) > 1:
        given_args = [given_args[0], "'item == x || item.a > index'"]
    with suppress(ExpressionError):
        json.dumps(evaluate(f"{name}({', '.join(given_args)})", {**names, "__now__": 0}))


@pytest.mark.parametrize("name", sorted({*JINJA, "tojson", "string", "escape", "sum"}))
@given(value=_VALUES)
@settings(max_examples=40, deadline=None)
def test_no_filter_breaks_on_any_data(name: str, value: Any) -> None:
    for source in (f"v | {name}", f"v | {name}('a')", f"v | {name}(attribute='a')"):
        with suppress(ExpressionError):
            evaluate(source, {"v": value})


@given(_VALUES)
def test_what_data_says_is_never_evaluated(value: Any) -> None:
    texts = {
        "v": value,
        "t": "{{ secret }}{% for x in secret %}{{ x }}{% endfor %}",
        "secret": "s3cret",
    }
    for template in (
        "{{ v }}{{ t }}",
        "{{ [v, t] | tojson }}",
        "{{ map([t], 'item') }}",
        "{{ {'k': t} }}",
    ):
        assert "s3cret" not in render(template, texts)
    if isinstance(value, str):
        assert render("<{{ v }}>", {"v": value}) == f"<{value}>"
