# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError, ModelMisbehaved, ModelUnavailable, NeedsModel, Transient
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Reply, Usage
from bot.pipeline.budget import Budget, BudgetSpent, Cancelled, Limits
from bot.pipeline.language.claude_options import RetryConfig
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.results import RunResult
from bot.pipeline.steps.retrying import pause_before, tried_again
from tests.pipeline.support import run, steps

BUSY = ModelUnavailable("busy", reason="overloaded", retry_after=0)
LATE = ModelUnavailable("late", reason="timeout", retry_after=0)
PAID = Usage(10, 5, usd=0.25, calls=1)


def play(step: str, *lines: Any, **more: Any) -> tuple[RunResult, ScriptedModel]:
    model = ScriptedModel(lines, name="anthropic")
    body = (
        step
        if step.lstrip().startswith("-")
        else f"- {{name: a, type: claude_robust, prompt: x, {step}}}"
    )
    return run(steps(body), models={"anthropic": model}, **more), model


def test_it_asks_again_and_tells_the_story() -> None:
    result, model = play(
        "retry_config: {max_retries: 2}", BUSY, LATE, Reply("fine", "m", usage=PAID)
    )
    data = result.steps["a"].data
    assert data["answer"] == "fine"
    assert data["robust"]["fallback"] == ""
    assert data["robust"]["attempts"] == 3
    assert len(data["robust"]["errors"]) == 2
    assert result.steps["a"].notice == ""
    assert len(model.requests) == 3


def test_a_structured_answer_keeps_its_fields() -> None:
    result, _ = play("output_schema: {type: object, required: [n]}", '{"n": 1}')
    assert result.steps["a"].data == {
        "n": 1,
        "robust": {"fallback": "", "attempts": 1, "errors": []},
    }


@pytest.mark.parametrize(
    ("conditions", "error", "again"),
    [
        ("", BUSY, True),
        ("", Transient("odd"), True),
        ("", NeedsModel("no key"), False),
        ("", ModelMisbehaved("no", violations=("x",)), False),
        ("timeout", LATE, True),
        ("timeout", BUSY, False),
        ("overloaded", BUSY, True),
        ("rate_limit", BUSY, False),
        ("api_error", BUSY, True),
        ("temporary_error", BUSY, True),
        ("parsing_error", ModelMisbehaved("no", violations=("x",)), True),
        ("parsing_error", ModelMisbehaved("refused"), False),
    ],
)
def test_only_named_failures_are_tried_again(conditions: str, error: Any, again: bool) -> None:
    named = (conditions,) if conditions else ()
    for rules in ({"retry_conditions": named}, {"retry_on": named}):
        assert tried_again(error, RetryConfig.model_validate(rules)) is again


def test_pauses_grow_as_documented_and_the_vendor_may_ask_for_longer() -> None:
    linear = RetryConfig(backoff_strategy="linear", base_delay_ms=2000)
    assert [pause_before(n, BUSY, linear) for n in (1, 2, 3)] == [2, 2, 2]
    doubled = RetryConfig(base_delay_ms=2000)
    assert [pause_before(n, BUSY, doubled) for n in (1, 2, 3)] == [2, 4, 8]
    assert pause_before(1, Transient("x", retry_after=30), doubled) == 30
    assert pause_before(9, Transient("x", retry_after=9999), doubled) == 300


def test_the_engine_pauses_and_a_stopped_run_does_not_sleep_on() -> None:
    slept: list[float] = []
    play("retry_config: {base_delay_ms: 2500}", BUSY, "fine", sleep=slept.append)
    assert slept == [1.0, 1.0, 0.5]
    stopped: list[float] = []
    result, model = play(
        "retry_config: {base_delay_ms: 100000}", BUSY, "fine", sleep=stopped.append, cancelled=lambda: len(stopped) > 2,
    )  # fmt: skip
    assert isinstance(result.error, Cancelled)
    assert (len(stopped), len(model.requests)) == (3, 1)


def test_fail_is_a_failure_with_its_story() -> None:
    result, model = play(
        "retry_config: {max_retries: 1, fallback_action: fail}", BUSY, LATE, "unasked"
    )
    assert result.status == "failed"
    assert isinstance(result.error, ModelUnavailable)
    assert result.steps["a"].data["robust"] == {
        "fallback": "fail",
        "attempts": 2,
        "errors": [str(BUSY), str(LATE)],
    }
    assert len(model.requests) == 2


def test_skip_is_no_success_and_says_why() -> None:
    result, _ = play("retry_config: {max_retries: 0, fallback_action: skip}", BUSY)
    step = result.steps["a"]
    assert (result.status, step.status, step.error) == ("succeeded", "skipped", None)
    assert step.data["robust"]["fallback"] == "skip"
    assert "had no answer after 1 try: busy; it was skipped" in step.notice


def test_a_skipped_answer_cannot_be_quoted() -> None:
    body = """
    - {name: a, type: claude_robust, prompt: x, retry_config: {max_retries: 0, fallback_action: skip}}
    - {name: b, type: claude, prompt: [{type: previous_response, step: a}]}
    """
    result, _ = play(body, BUSY, "unasked")
    assert "which was skipped" in str(result.error)


SIMPLE = "retry_config: {max_retries: 0, fallback_action: simplified_prompt}, fallback_prompt: 'In short?'"


def test_a_simplified_prompt_is_asked_once_and_never_taken_for_the_answer() -> None:
    lost = Reply("{", "m", usage=PAID, stop_reason="max_tokens")
    result, model = play(SIMPLE, lost, Reply("short", "m", usage=PAID))
    step = result.steps["a"]
    assert model.requests[1].prompt() == "In short?"
    assert step.data["answer"] == "short"
    assert step.data["robust"]["fallback"] == "simplified_prompt"
    assert "its fallback_prompt was answered instead" in step.notice
    assert step.usage == PAID + PAID


def test_a_fallback_that_fails_fails_the_step() -> None:
    result, model = play(SIMPLE, BUSY, LATE)
    assert result.status == "failed"
    assert len(model.requests) == 2


def test_after_many_failures_in_a_row_the_vendor_is_not_asked_again() -> None:
    one = "- {{name: {}, type: claude_robust, prompt: x, continue_on_error: true, retry_config: {{max_retries: 9, breaker_after: 3}}}}\n"
    result, model = play(one.format("a") + one.format("b"), *[BUSY] * 20)
    assert len(model.requests) == 3
    assert "failed 3 times in a row in this run and is not asked again" in str(
        result.steps["b"].error
    )
    assert result.steps["b"].data["robust"]["attempts"] == 0


def test_an_answer_closes_the_breaker_again() -> None:
    one = "- {{name: {}, type: claude_robust, prompt: x, retry_config: {{max_retries: 2, breaker_after: 3}}}}\n"
    result, model = play(one.format("a") + one.format("b"), BUSY, BUSY, "x", BUSY, BUSY, "y")
    assert result.status == "succeeded"
    assert len(model.requests) == 6


def test_a_spent_budget_is_not_worked_around() -> None:
    budget = Budget(Limits(usd=0.2))
    result, model = play(
        SIMPLE.replace("max_retries: 0", "max_retries: 3"),
        Reply("{", "m", usage=PAID, stop_reason="max_tokens"),
        "x",
        budget=budget,
    )
    assert isinstance(result.error, BudgetSpent)
    assert len(model.requests) == 1


def test_a_resumed_run_does_not_pay_for_the_try_that_succeeded(tmp_path: Path) -> None:
    body = """
    - {name: a, type: claude_robust, prompt: x}
    - {name: b, type: claude, prompt: y}
    """
    kept = Checkpoints(tmp_path)
    play(body, BUSY, BUSY, "fine", LATE, keeping=Keeping(checkpoints=kept))
    result, model = play(body, "z", keeping=Keeping(checkpoints=kept))
    assert result.status == "succeeded"
    assert [request.step for request in model.requests] == ["b"]


def test_any_claude_step_may_ask_again() -> None:
    body = "- {name: a, type: claude, prompt: x, claude_options: {retry_config: {max_retries: 1, retry_on: [overloaded]}}}"
    result, model = play(body, BUSY, "fine")
    assert (result.steps["a"].text, len(model.requests)) == ("fine", 2)
    other, once = play(body, LATE, "fine")
    assert (other.error, len(once.requests)) == (LATE, 1)


def test_a_robust_step_may_take_part_in_a_session() -> None:
    one = "- {{name: {}, type: claude_robust, prompt: {}, claude_options: {{session_id: t}}}}\n"
    _, model = play(one.format("a", "x") + one.format("b", "y"), "1", BUSY, "2")
    assert [message.text for message in model.requests[2].messages()] == ["x", "1", "y"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            "retry_config: {fallback_action: mock_response}",
            "'mock_response' is a made-up success; use 'skip'",
        ),
        ("retry_config: {fallback_action: graceful_degradation}", "is a made-up success"),
        ("retry_config: {fallback_action: emergency_response}", "is a made-up success"),
        ("retry_config: {fallback_action: cached_response}", "is a made-up success"),
        ("retry_config: {fallback_action: simplified_prompt}", "'fallback_prompt' need each other"),
        ("fallback_prompt: y", "'fallback_prompt' need each other"),
        ("retry_config: {fallback_action: skp}", "must be 'simplified_prompt', 'skip' or 'fail'"),
        ("retry_config: {retry_on: [timeout], retry_conditions: [timeout]}", "mean the same"),
        ("retry_config: {retry_conditions: [max_turns]}", "retry_conditions"),
        ("retry_config: {max_retry: 1}", "unknown key; did you mean 'max_retries'?"),
        ("retry_config: {max_retries: 11}", "max_retries"),
        ("claude_options: {retry_config: {}}", "has a 'retry_config' of its own"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_load(step: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        play(step)
    assert said in str(error.value)
