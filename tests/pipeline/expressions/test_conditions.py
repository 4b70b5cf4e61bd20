# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.expressions.expr import ExpressionError, condition_sources, evaluate, holds
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
    "none": None,
    "nothing": [],
    "state_text": "",
    "at": "2026-11-25T10:00:00Z",
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
        "steps.verify.n between 1 and 5",
        "{{ steps.verify.status }} == 'passed'",
        "{{steps.verify.n > 2}}",
        "{{ verify.status == 'passed' and verify.n in [3] }}",
        "verify.path not matches '^test/'",
        "verify.status not in ['failed']",
        "verify.status not_in ['failed']",
        "'x' in verify.list",
        "verify.none not exists",
        "not verify.none exists",
        "verify.nothing empty",
        "verify.list not empty",
        "verify.none empty and verify.state_text empty",
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
        ("verify.result.n == 3 and verify.error == null", True),
        ("steps.verify.error != nil", False),
        ("verify", True),
        ({"not": "verify"}, False),
    ],
)
def test_conditions(condition: Any, expected: bool) -> None:
    assert holds(condition, scope(TABLE)) is expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("nope == 1", "'nope' is undefined"),
        ("verify.nope == 1", "step 'verify' has no field 'nope'; there are: at, data"),
        ("verify.status", "gives the text 'passed', which is neither true nor false"),
        ("'{{ goal }}' == 'g'", "inside quotes"),
        ("verify.n >", "unexpected"),
        ("verify.n between 1", "joined by 'and'"),
        ("verify.n contains", "needs a value on its right"),
        ("verify.n contains 3", "expected text, a list or a map, got the number 3"),
        ("verify.path matches '('", "bad pattern"),
        ("verify.n > 'x'", "cannot compare the number 3 with the text 'x'"),
        ("", "empty"),
        ({"xor": []}, "has the key and, or, not; got 'xor'"),
        ({"and": "verify.ok"}, "takes a list"),
        ("verify.n == 3 contains 3", "put brackets around the comparison before 'contains'"),
        ("verify.ok and verify.status", "neither true nor false (compare it with ==)"),
        ("verify.list > 1", "cannot compare a list with the number 1"),
        ("verify.none < 3", "cannot compare null with the number 3"),
        ("verify.ok < 3", "cannot compare true with the number 3"),
        ("verify.missing empty", "has no field 'missing'"),
        ("verify.status contains verify.missing", "has no field 'missing'"),
        ("3 in verify.n", "expected text, a list or a map, got the number 3"),
        ("verify.status starts_with 3", "'starts_with' needs a text, got the number 3"),
        ("lenght(verify.list) > 1", "there is no function 'lenght'; did you mean 'length'?"),
        ("verify.list.append(3)", "only functions can be called; values have no methods"),
        ("length()", "'length' takes 1 argument, not 0"),
        ("substring('a', 1, 2, 3)", "'substring' takes 2 to 3 arguments, not 4"),
        ("verify.list | lenght", "there is no filter 'lenght'; did you mean 'length'?"),
        ("verify.n is nuber", "there is no test 'nuber'; did you mean 'number'?"),
        ("__work__ == 1", "the name '__work__' is not available"),
        ("verify.ok }} {{ verify.ok", "unexpected ')'"),
        ("1) + (2", "unexpected ')'"),
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


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-50, 50))
def test_between_is_the_two_comparisons(value: int, low: int, high: int) -> None:
    names = {"v": value, "low": low, "high": high}
    assert holds("v between low and high", names) == (low <= value <= high)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("steps.metrics.score * steps.metrics.weight > 100", True),
        ("length(steps.files.results) > 1", True),
        ("any(steps.tests.results, 'status == \"failed\"')", True),
        ("all(steps.tests.results, 'status == \"failed\"')", False),
        ("all(steps.checks.results, 'passed == true')", True),
        ("any(steps.tests.results, 'status == \"failed\"') == false", False),
        ("steps.build.timestamp > now() - hours(24)", True),
        ("steps.build.timestamp > now() - minutes(10)", False),
        ("steps.created.date < date('2024-12-31')", True),
        ("steps.file.name matches '^[a-z]+_test\\.py$'", True),
        ("'critical' in steps.issues.severities", True),
        ("state.retry_count < 3 and steps.attempt.success != true", True),
        ("length(steps.files.results) between 2 and 3", True),
        ("count(steps.tests.results, 'seconds > 1') == 1", True),
        ("average(map(steps.tests.results, 'seconds')) <= 1.5", True),
        ("contains(steps.file.name, 'test') and startsWith(steps.file.name, 'a')", True),
    ],
)
def test_conditions_of_the_documentation_mean_what_it_says(condition: str, expected: bool) -> None:
    assert holds(condition, DOCUMENTED) is expected


DOCUMENTED: dict[str, Any] = {
    "steps": {
        "metrics": {"score": 80, "weight": 1.5},
        "files": {"results": ["a", "b"]},
        "tests": {"results": [{"status": "failed", "seconds": 2}, {"status": "ok", "seconds": 1}]},
        "checks": {"results": [{"passed": True}]},
        "build": {"timestamp": "2026-11-25T09:30:00+00:00"},
        "created": {"date": "2024-01-01"},
        "file": {"name": "a_test.py"},
        "issues": {"severities": ["low", "critical"]},
        "attempt": {"success": False},
    },
    "state": {"retry_count": 2},
    "__now__": "2026-11-25T10:00:00Z",
}


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("1", "1.0", True),
        ("1", "true", False),
        ("0", "false", False),
        ("1", "'1'", False),
        ("null", "false", False),
        ("null", "''", False),
        ("[1, [2]]", "[1.0, [2]]", True),
        ("[1]", "[true]", False),
        ("{'a': 1, 'b': null}", "{'b': null, 'a': 1}", True),
        ("{'a': 1}", "{'a': true}", False),
        ("[]", "{}", False),
        ("date('2026-01-01T01:00:00+01:00')", "'2026-01-01T00:00:00Z'", True),
    ],
)
def test_values_of_different_kinds_are_never_equal(left: str, right: str, same: bool) -> None:
    assert holds(f"{left} == {right}", {}) is same
    assert holds(f"{right} != {left}", {}) is not same
    assert holds(f"{left} in [{right}]", {}) is same
    assert holds(f"[{right}] contains {left}", {}) is same


@pytest.mark.parametrize(
    "bare",
    ["a.n > 2", "a.n between 1 and 3 and not a.gone", "a.list contains 'x' or nope.x exists"],
)
def test_a_condition_means_the_same_with_and_without_braces(bare: str) -> None:
    names = {"a": {"n": 3, "gone": False, "list": ["x"]}, "nope": {}}
    assert holds(bare, names) is holds("{{ " + bare + " }}", names) is evaluate(bare, names) is True


def test_maps_and_lists_of_conditions_mean_what_the_words_mean() -> None:
    names = {"a": True, "b": False}
    assert holds({"and": ["a", {"or": ["b", "a"]}, {"not": "b"}]}, names)
    assert holds({"not": {"and": ["a", "b"]}}, names)
    assert not holds({"not": ["a", "a"]}, names)
    assert holds({"and": []}, names)
    assert not holds({"or": []}, names)
    assert condition_sources({"and": ["a", {"not": ["b", "{{ c }}"]}]}) == ("a", "b", "c")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5, allow_nan=False) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(_JSON, _JSON)
def test_equality_is_symmetric_and_every_value_equals_itself(left: Any, right: Any) -> None:
    names = {"l": left, "r": right}
    assert holds("l == r", names) is holds("r == l", names) is not holds("l != r", names)
    assert holds("l == l and r in [l, r]", names)


@given(_JSON, _JSON)
def test_values_are_in_order_or_cannot_be_compared(left: Any, right: Any) -> None:
    names = {"l": left, "r": right}
    try:
        outcome = [holds(f"l {sign} r", names) for sign in ("<", "==", ">")]
    except ExpressionError as error:
        assert "cannot compare" in error.message  # noqa: PT017 - any other message is a bug
    else:
        assert sum(outcome) == 1
        assert holds("l <= r", names) is (outcome[0] or outcome[1])
