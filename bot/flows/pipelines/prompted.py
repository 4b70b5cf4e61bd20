"""Puts the text a person gave with `--prompt` where the models of a pipeline read it."""

from __future__ import annotations

from typing import Any

from bot.flows.pipelines.asked import PROMPT
from bot.pipeline.language.model_steps import PromptStep
from bot.pipeline.language.parts import StaticPart
from bot.pipeline.language.step_base import StepBase
from bot.pipeline.language.workflow import Workflow
from bot.pipeline.load import Loaded


def with_prompt(loaded: Loaded, prompt: str) -> Workflow:
    """The workflow with the prompt before that of each model step.

    One that names `prompt` itself, or declares its inputs, has its own place for it.
    """
    workflow = loaded.workflow
    if not prompt or workflow.inputs is not None or PROMPT in loaded.free_names:
        return workflow
    return workflow.model_copy(update={"steps": _all(workflow.steps)})


def _all(steps: Any) -> tuple[Any, ...]:
    return tuple(_one(step) for step in steps)


def _one(step: StepBase) -> StepBase:
    changed: dict[str, Any] = {}
    if isinstance(step, PromptStep):
        # Not the text itself: what a person typed is data, and never a template.
        part = StaticPart(type="static", content="{{ inputs.prompt }}")
        changed["prompt"] = (part, *step.prompt)
    for name in ("steps", "otherwise", "default"):
        if inner := getattr(step, name, ()):
            changed[name] = _all(inner)
    if cases := getattr(step, "cases", None):
        changed["cases"] = {value: _all(body) for value, body in cases.items()}
    return step.model_copy(update=changed) if changed else step
