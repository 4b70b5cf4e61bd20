"""Results in a prompt: what failed and why, and the same text every time."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import CheckResult, TestResult, Verdict
from bot.llm.scripted import ScriptedModel
from bot.pipeline.prompts.shown import LONGEST_OUTPUT, shown
from tests.pipeline.support import Tree, ended, run, steps


def passed(number: int) -> TestResult:
    return TestResult(
        module="A", name=f"t{number}", file="a", line=1, state="passed", microseconds=9
    )


RED = TestResult(
    module="A", name="red", file="a", line=1, state="failed", microseconds=7, failure="0 == 1"
)


def verdict(seconds: float) -> dict[str, Any]:
    tests = (*map(passed, range(2000)), RED)
    tail = f"Finished in {seconds} seconds\n2001 tests, 1 failure\nRandomized with seed 7\n"
    check = CheckResult(
        name="test", status="failed", summary="1 failed", seconds=seconds, tests=tests,
        output_tail=tail,
    )  # fmt: skip
    fine = CheckResult(name="compile", status="passed", summary="no warnings", output_tail="x")
    return Verdict(status="failed", checks=(fine, check), reasons=("red",)).model_dump(mode="json")


def test_a_verdict_tells_the_failures_and_no_times() -> None:
    seen = shown({"verdict": verdict(0.1)})
    assert seen == shown({"verdict": verdict(9.9)})
    compile_, tests = seen["verdict"]["checks"]
    assert compile_ == {"name": "compile", "status": "passed", "summary": "no warnings"}
    assert [test["name"] for test in tests["tests"]] == ["red"]
    assert tests["output_tail"] == "Finished\n2001 tests, 1 failure"


def test_a_long_output_keeps_its_end() -> None:
    result = ended(("mix", "test"), 2).model_dump(mode="json") | {"stdout": "a" * 9000 + "end"}
    seen = shown(result)
    assert "seconds" not in seen
    assert seen["stdout"].endswith("end")
    assert len(seen["stdout"]) < LONGEST_OUTPUT + 80


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(value=JSON)
def test_what_is_no_result_stays_as_it_is(value: Any) -> None:
    assert shown(value) == value


def test_the_prompt_of_a_later_step_has_it() -> None:
    model = ScriptedModel(["ok"], name="anthropic")
    body = """
    - {name: tests, type: mix, task: test, allow_failure: true}
    - {name: judge, type: claude, prompt: [{type: previous_response, step: tests}]}
    """
    run(steps(body), services=Tree(exit_code=1).services(), models={"anthropic": model})
    assert "seconds" not in model.requests[0].prompt()
    assert '"exit_code": 1' in model.requests[0].prompt()
