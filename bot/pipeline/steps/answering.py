"""Puts one question to a model and makes a step's outcome of what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.ports import Workspace
from bot.errors import ModelMisbehaved, NeedsModel, OtpError, Refused
from bot.llm.structured import ask, whole_value
from bot.llm.tokens import estimate_request
from bot.llm.types import Model, OnText, Request
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.claude_options import ClaudeOptions
from bot.pipeline.language.claude_steps import ClaudeBase
from bot.pipeline.language.model_steps import Prompt, PromptStep
from bot.pipeline.prompts.asking import Asking, asking
from bot.pipeline.prompts.prompt import build_request
from bot.pipeline.steps.committing import carried_out, withheld
from bot.pipeline.steps.metered import Metered
from bot.pipeline.steps.streams import stream
from bot.pipeline.steps.working import tools_at_hand, worked

KEYS = {"anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}


@dataclass(frozen=True)
class Question:
    """A step's question with everything it takes to put it."""

    step: PromptStep
    request: Request
    how: Asking
    model: Model
    notice: str = ""
    workspace: Workspace | None = None
    """What the model's tools work on; None for one question and one answer."""


def prepared(
    step: PromptStep,
    context: StepContext,
    *,
    prefer: str,
    prompt: Prompt | None = None,
    session: str = "",
) -> Question:
    """The step's question; with `prompt` that one instead, and then without tools."""
    how = asking(step, context)
    model, notice = chosen(step, context, prefer)
    workspace = None if prompt is not None else tools_at_hand(step, how, model, context)
    request = build_request(step, context, how=how, prompt=prompt, session=session)
    _require_short(request, how.max_input_tokens)
    notices = (notice, how.notice if workspace is not None else "")
    return Question(step, request, how, model, "; ".join(filter(None, notices)), workspace)


def chosen(step: PromptStep, context: StepContext, prefer: str) -> tuple[Model, str]:
    """Whom to ask: who is preferred, else the first vendor there is, else `offline`.

    Also a notice where that is not whom the step's type names.
    """
    models = context.models
    vendors = [name for name in models if name != "offline"]
    found = next((name for name in (prefer, *vendors, "offline") if name in models), None)
    if found is None:
        raise NeedsModel(f"step {step.name!r} needs a model and none is configured")
    if not prefer or found == prefer:
        return models[found], ""
    kind = getattr(step, "type", "")
    if found == "offline":
        return models[found], f"step {step.name!r} ({kind}) is served offline: no key is set"
    why = f"{prefer} ({KEYS[prefer]}) is not set up for this run"
    return models[found], f"step {step.name!r} ({kind}) is served by {found}: {why}"


def _require_short(request: Request, limit: int | None) -> None:
    tokens = estimate_request(request) if limit is not None else 0
    if limit is not None and tokens > limit:
        raise Refused(
            f"step {request.step!r}: its prompt has about {tokens} tokens, max_input_tokens is "
            f"{limit}",
            hint="quote less, or raise max_input_tokens",
        )


def put(question: Question, context: StepContext) -> Outcome:
    """Ask; whatever goes wrong is in the outcome, with what it cost all the same."""
    if (skipped := withheld(question.request, context)) is not None:
        return skipped
    model = Metered(question.model)
    step = question.step
    options = step.claude_options if isinstance(step, ClaudeBase) else ClaudeOptions()
    try:
        with stream(options, context) as on_text:
            outcome = _answered(question, model, context, on_text)
    except OtpError as error:
        reply = error.reply if isinstance(error, ModelMisbehaved) else ""
        outcome = Outcome(status="failed", error=error, text=reply)
    told = model.told(outcome, question.request, question.notice)
    if question.model.name == "offline":
        return carried_out(told, question.request, context)
    return told


def _answered(question: Question, model: Metered, context: StepContext, on_text: OnText) -> Outcome:
    step, request, how = question.step, question.request, question.how
    if question.workspace is not None:
        return worked(step, request, how, question.workspace, model, context, on_text)
    reply = ask(model, request, max_repairs=step.max_repairs, on_text=on_text)
    data = reply.data
    if data is None and request.output_schema is None and how.reads_json:
        data = whole_value(reply.text)
    return Outcome(data=data, text=reply.text)
