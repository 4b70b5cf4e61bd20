from __future__ import annotations

from typing import Any

import pytest

from bot.pipeline.expressions.expr import ExpressionError
from bot.pipeline.steps.switch import is_case
from tests.pipeline.support import Events, Tree, run, steps

SWITCH = """
- name: pick
  type: switch
  expression: inputs.kind
  cases:
    a:
      - {name: first_a, type: set_variable, variables: {got: "a"}}
      - {name: last_a, type: set_variable, variables: {more: 1}}
    "3":
      - {name: on_three, type: set_variable, variables: {got: three}}
    true: [{name: on_true, type: set_variable, variables: {got: yes}}]
    null: [{name: on_null, type: set_variable, variables: {got: nothing}}]
    empty: []
"""
DEFAULT = """\
  default: [{name: on_other, type: set_variable, variables: {got: other}}]
"""
OUTPUTS = "outputs: {case: pick.case, matched: pick.matched, last: pick.last, got: got}"


@pytest.mark.parametrize(
    ("kind", "case", "got"),
    [("a", "a", "a"), (3, "3", "three"), (3.0, "3", "three"), ("3", "3", "three"),
     (True, "true", "yes"), ("true", "true", "yes"), (None, "null", "nothing"),
     ("A", "default", "other"), ("", "default", "other"), (False, "default", "other"),
     (4, "default", "other")],
)  # fmt: skip
def test_the_value_chooses_its_case(kind: Any, case: str, got: str) -> None:
    result = run(steps(SWITCH + DEFAULT, head=OUTPUTS), {"kind": kind})
    assert result.outputs == {
        "case": case,
        "matched": case != "default",
        "last": {"more": 1} if case == "a" else {"got": got},
        "got": got,
    }


def test_only_the_steps_of_the_case_run_and_the_others_are_known_as_skipped() -> None:
    events = Events()
    head = "outputs: {three: on_three.outcome, other: not on_other, a: steps.last_a.success}"
    result = run(steps(SWITCH + DEFAULT, head=head), {"kind": "a"}, observer=events)
    assert result.outputs == {"three": "skipped", "other": True, "a": True}
    assert [name for name, _ in events.finished()] == ["first_a", "last_a", "pick"]


def test_a_step_that_was_not_run_has_no_fields_but_may_be_asked_for() -> None:
    asked = (
        "- {name: ask, type: set_variable, variables: {x: \"{{ on_three.got | default('-') }}\"}}"
    )
    assert run(steps(SWITCH + asked), {"kind": "a"}).steps["ask"].data == {"x": "-"}
    wrong = run(steps(SWITCH + asked.replace(" | default('-')", "")), {"kind": "a"})
    assert "step 'on_three' was skipped, so it has no field 'got'" in str(wrong.error)


def test_no_case_and_no_default_runs_nothing_and_says_so() -> None:
    result = run(steps(SWITCH), {"kind": "b"})
    assert result.status == "succeeded"
    assert result.steps["pick"].data == {
        "value": "b", "case": "", "matched": False, "last": None,
    }  # fmt: skip
    assert result.steps["pick"].notice == "step 'pick': no case for 'b'"
    assert run(steps(SWITCH), {"kind": "empty"}).steps["pick"].notice == ""


def test_a_list_or_a_map_chooses_nothing() -> None:
    result = run(steps(SWITCH), {"kind": ["a"]})
    assert isinstance(result.error, ExpressionError)
    assert "its expression gave a list" in str(result.error)


def test_a_failure_in_a_case_is_a_failure() -> None:
    body = """
    - name: pick
      type: switch
      expression: "'x'"
      cases: {x: [{name: bad, type: mix, task: test}]}
    """
    result = run(steps(body), services=Tree(exit_code=1).services())
    assert (result.status, result.failed_step) == ("failed", "test/pick/bad")


def test_a_skipped_switch_leaves_its_steps_skipped_too() -> None:
    text = SWITCH.replace("  expression:", "  when: inputs.kind == 'never'\n  expression:")
    result = run(steps(text, head="outputs: {a: first_a.outcome}"), {"kind": "a"})
    assert result.outputs == {"a": "skipped"}


@pytest.mark.parametrize(
    ("value", "key", "same"),
    [("x", "x", True), ("x", "X", False), (1, "1.0", True), (1, "one", False), (True, "1", False),
     (1, "true", False), (None, "", False), (None, "null", True), (float("nan"), "nan", False)],
)  # fmt: skip
def test_cases_compare_as_what_they_are(value: Any, key: str, same: bool) -> None:
    assert is_case(value, key) is same
