"""Steps that ask one question: they differ in whom they ask first and what they do with a reply."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.errors import ModelMisbehaved, NeedsModel, OtpError, Unusable
from bot.llm.choosing import choose
from bot.llm.structured import parse_json
from bot.llm.types import Json, Reply, Tool
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.claude_steps import ClaudeBase
from bot.pipeline.language.model_steps import (
    GeminiInstructorStep,
    GeminiStep,
    LlmStep,
    PromptStep,
)
from bot.pipeline.steps.answering import KEYS, Question, prepared, put
from bot.pipeline.steps.metered import Metered
from bot.pipeline.steps.retrying import persistently
from bot.pipeline.steps.session import conversation_of, converse


def run_claude(step: ClaudeBase, context: StepContext) -> Outcome:
    """The answer as data (with a schema, or where it is a JSON map or list) and text."""

    def ask(question: Question) -> Outcome:
        rules = step.claude_options.retry_config
        if rules is None:
            return put(question, context)
        return persistently(lambda: put(question, context), rules, context).outcome

    conversation = conversation_of(step, context)
    if conversation is not None:
        return converse(step, conversation, context, prefer="anthropic", ask=ask)
    return ask(prepared(step, context, prefer="anthropic"))


def run_llm(step: LlmStep, context: StepContext) -> Outcome:
    """The same from whomever the configuration, or the step, names."""
    if step.provider and step.provider not in context.models:
        raise NeedsModel(
            f"step {step.name!r} asks {step.provider}, which this run does not have",
            hint=f"set {KEYS.get(step.provider, 'a key')}, or drop 'provider'",
        )
    return put(prepared(step, context, prefer=step.provider), context)


def run_gemini(step: GeminiStep, context: StepContext) -> Outcome:
    """An answer; with functions, data `{text, function, arguments, function_calls}`."""
    question = prepared(step, context, prefer="gemini")
    if not step.functions:
        return put(question, context)
    tools = tuple(_tool(name, step, context) for name in step.functions)
    question = replace(question, request=replace(question.request, tools=tools))
    model = Metered(question.model)
    try:
        reply = choose(model, question.request, max_repairs=step.max_repairs)
        outcome = _calls(reply)
    except OtpError as error:
        outcome = Outcome(status="failed", error=error)
    return model.told(outcome, question.request, question.notice)


def run_gemini_instructor(step: GeminiInstructorStep, context: StepContext) -> Outcome:
    """Data that satisfies the schema; `loose` takes JSON that does not, and says so."""
    if step.validation_mode == "strict":
        return put(prepared(step, context, prefer="gemini"), context)
    once = step.model_copy(update={"max_repairs": 0})
    outcome = put(prepared(once, context, prefer="gemini"), context)
    wrong = outcome.error
    if not isinstance(wrong, ModelMisbehaved) or not wrong.violations:
        return outcome
    try:
        data: Json = parse_json(wrong.reply)
    except ValueError:
        return outcome
    said = f"step {step.name!r}: taken although it breaks the schema: {wrong.violations[0]}"
    notice = "; ".join(filter(None, (outcome.notice, said)))
    return replace(
        outcome, status="succeeded", error=None, data=data, text=wrong.reply, notice=notice
    )


def _tool(name: str, step: PromptStep, context: StepContext) -> Tool:
    declared = context.workflow.gemini_functions.get(name)
    if declared is None:
        raise Unusable(f"step {step.name!r}: the workflow declares no function {name!r}")
    return Tool(name, declared.description, declared.parameters)


def _calls(reply: Reply) -> Outcome:
    """The first call by itself as well, for steps that want just one."""
    calls: list[dict[str, Any]] = [
        {"function": call.name, "arguments": dict(call.arguments)} for call in reply.calls
    ]
    first = calls[0] if calls else {"function": "", "arguments": {}}
    data = {"text": reply.text, **first, "function_calls": calls}
    text = json.dumps(calls, ensure_ascii=False, indent=2) if calls else reply.text
    return Outcome(data=data, text=text)
