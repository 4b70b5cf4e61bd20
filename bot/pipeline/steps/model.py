"""Model steps: claude, claude_smart, gemini and llm differ only in whom they ask first."""

from __future__ import annotations

import dataclasses
from typing import Any

from bot.errors import NeedsModel
from bot.llm.structured import ask
from bot.llm.types import Model, Reply, Request, Usage
from bot.pipeline.checkpoints import content_key
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.prompt import build_request
from bot.pipeline.spec import ModelStep


class ModelHandler:
    """Asks the preferred provider, else any other that is configured, else `offline`."""

    def __init__(self, preferred: str = "") -> None:
        self._preferred = preferred

    def __call__(self, step: ModelStep, context: StepContext) -> Outcome:
        """The answer as data (with an output schema, or from a structured skill) and text."""
        model = self._choose(step, context)
        request = build_request(step, context)
        key = content_key(
            context.path, step.model_dump(mode="json"), _material(request), model.name
        )
        reply, cached = _answer(model, request, step, context, key)
        return Outcome(
            data=reply.data,
            text=reply.text,
            usage=Usage() if cached else reply.usage,
            model=reply.model,
            prompt_hash=content_key(_material(request))[:16],
            cached=cached,
            notice=self._notice(step, model),
        )

    def _choose(self, step: ModelStep, context: StepContext) -> Model:
        models = context.run.models
        vendors = [name for name in models if name != "offline"]
        for name in (self._preferred, *vendors, "offline"):
            if name in models:
                return models[name]
        raise NeedsModel(f"step {step.name!r} needs a model and none is configured")

    def _notice(self, step: ModelStep, model: Model) -> str:
        if self._preferred and model.name == "offline":
            return f"step {step.name!r} ({step.type}) is served offline: no key is set"
        return ""


def _answer(
    model: Model, request: Request, step: ModelStep, context: StepContext, key: str
) -> tuple[Reply, bool]:
    checkpoints = None if model.local else context.run.checkpoints
    record = checkpoints.get(key) if checkpoints else None
    if record is not None:
        return _restored(record), True
    reply = ask(model, request, max_repairs=step.max_repairs)
    if checkpoints is not None:
        checkpoints.put(key, dataclasses.asdict(reply))
    return reply, False


def _restored(record: dict[str, Any]) -> Reply:
    return Reply(**{**record, "usage": Usage(**record["usage"])})


def _material(request: Request) -> dict[str, Any]:
    return dataclasses.asdict(request)
