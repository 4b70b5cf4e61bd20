"""The claude_extract step: content taken apart by a model, into a form that is checked."""

from __future__ import annotations

from dataclasses import replace

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.claude_steps import ClaudeExtractStep
from bot.pipeline.steps.model import run_claude


def run_claude_extract(step: ClaudeExtractStep, context: StepContext) -> Outcome:
    """Data: what was asked to be taken out, by field; the text reads like the format."""
    outcome = run_claude(step, context)
    config = step.extraction
    if outcome.status != "succeeded" or config is None or not isinstance(outcome.data, dict):
        return outcome
    text = config.text(outcome.data)
    data = dict(outcome.data)
    if config.include_metadata:
        data["metadata"] = config.metadata(data, model=outcome.model)
    return replace(outcome, data=data, text=text)
