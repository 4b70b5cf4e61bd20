"""Which models a pipeline file names, so that their prices can be asked for before the run."""

from __future__ import annotations

from collections.abc import Iterator

from bot.llm.presets import PRESETS
from bot.pipeline.language.batch_steps import ManyStep
from bot.pipeline.language.claude_steps import ClaudeBase
from bot.pipeline.language.model_steps import PromptStep
from bot.pipeline.language.spec import walk
from bot.pipeline.language.workflow import Workflow


def named_models(workflow: Workflow) -> tuple[str, ...]:
    """Names and aliases in steps, their options, defaults and presets; each once, in order."""
    return tuple(dict.fromkeys(name for name in _names(workflow) if name))


def _names(workflow: Workflow) -> Iterator[str]:
    defaults = workflow.defaults
    yield from (defaults.claude_model, defaults.claude_fallback_model, defaults.gemini_model)
    yield from _of_preset(defaults.preset)
    yield from _of_preset(defaults.claude_preset)
    for step in walk(workflow.steps):
        if isinstance(step, ManyStep):
            for question in step.questions().values():
                yield from _of_step(question)
        elif isinstance(step, PromptStep):
            yield from _of_step(step)


def _of_step(step: PromptStep) -> Iterator[str]:
    yield step.model
    yield from _of_preset(step.preset)
    if isinstance(step, ClaudeBase):
        yield from (step.claude_options.model, step.claude_options.fallback_model)


def _of_preset(name: str | None) -> Iterator[str]:
    if name is not None:
        yield from (PRESETS[name].model, PRESETS[name].fallback_model)
