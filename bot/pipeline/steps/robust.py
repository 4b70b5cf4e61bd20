"""The claude_robust step: asks again, and when that does not help does without, visibly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.errors import ModelUnavailable, OtpError
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.failures import is_fatal
from bot.pipeline.language.claude_steps import ClaudeRobustStep
from bot.pipeline.steps.answering import Question, prepared, put
from bot.pipeline.steps.retrying import Tried, persistently
from bot.pipeline.steps.session import conversation_of, converse


def run_claude_robust(step: ClaudeRobustStep, context: StepContext) -> Outcome:
    """Data: the answer's fields (or `answer`), and `robust`: `{fallback, attempts, errors}`."""

    def ask(question: Question) -> Outcome:
        return _robustly(step, question, context)

    conversation = conversation_of(step, context)
    if conversation is not None:
        return converse(step, conversation, context, prefer="anthropic", ask=ask)
    return ask(prepared(step, context, prefer="anthropic"))


def _robustly(step: ClaudeRobustStep, question: Question, context: StepContext) -> Outcome:
    vendor, rules = question.model.name, step.retry_config

    def closed() -> bool:
        return context.run.calls.failures(vendor) < rules.breaker_after

    if closed():
        tried = persistently(lambda: put(question, context), rules, context, worth=closed)
    else:
        tried = Tried(Outcome.failed(_open(step, vendor, context)), ())
    if tried.outcome.status != "failed" or is_fatal(tried.outcome.error):
        return _with_story(tried.outcome, "", tried.errors)
    return _fall_back(step, tried, context)


def _fall_back(step: ClaudeRobustStep, tried: Tried, context: StepContext) -> Outcome:
    action, failed = step.retry_config.fallback_action, tried.outcome
    why = f"step {step.name!r} had no answer after {_tries(tried)}: {failed.error}"
    if action == "skip":
        skipped = replace(failed, status="skipped", error=None, text="", data=None)
        return _with_story(_noted(skipped, f"{why}; it was skipped"), action, tried.errors)
    if action == "fail" or step.fallback_prompt is None:
        return _with_story(failed, action, tried.errors)
    question = prepared(step, context, prefer="anthropic", prompt=step.fallback_prompt)
    outcome = put(question, context)
    outcome = replace(outcome, usage=failed.usage + outcome.usage)
    if outcome.status == "failed":
        return _with_story(outcome, action, tried.errors)
    noted = _noted(outcome, f"{why}; its fallback_prompt was answered instead")
    return _with_story(noted, action, tried.errors)


def _open(step: ClaudeRobustStep, vendor: str, context: StepContext) -> OtpError:
    return ModelUnavailable(
        f"step {step.name!r}: {vendor} failed {context.run.calls.failures(vendor)} times in a row "
        "in this run and is not asked again",
        hint="try again later, or raise breaker_after",
    )


def _tries(tried: Tried) -> str:
    count = len(tried.errors)
    return f"{count} {'try' if count == 1 else 'tries'}"


def _noted(outcome: Outcome, notice: str) -> Outcome:
    return replace(outcome, notice="; ".join(filter(None, (outcome.notice, notice))))


def _with_story(outcome: Outcome, fallback: str, errors: Sequence[OtpError]) -> Outcome:
    """What happened, as data: nobody can take a fallback for the answer that was wanted."""
    answered = outcome.status == "succeeded"
    story: dict[str, Any] = {
        "fallback": fallback,
        "attempts": len(errors) + (answered and not fallback),
        "errors": [str(error) for error in errors],
    }
    if isinstance(outcome.data, dict):
        fields = outcome.data
    else:
        value = outcome.text if outcome.data is None else outcome.data
        fields = {"answer": value} if answered else {}
    return replace(outcome, data={**fields, "robust": story})
