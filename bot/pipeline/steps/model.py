"""Model steps: claude, claude_smart, gemini and llm differ only in whom they ask first."""

from __future__ import annotations

from bot.errors import NeedsModel
from bot.llm.structured import ask
from bot.llm.types import Model
from bot.pipeline.calls import material
from bot.pipeline.checkpoints import content_key
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.model_steps import PromptStep as ModelStep
from bot.pipeline.prompt import build_request


class ModelHandler:
    """Asks the preferred provider, else any other that is configured, else `offline`."""

    def __init__(self, preferred: str = "") -> None:
        self._preferred = preferred

    def __call__(self, step: ModelStep, context: StepContext) -> Outcome:
        """The answer as data (with an output schema, or from a structured skill) and text."""
        model = self._choose(step, context)
        request = build_request(step, context)
        reply = ask(model, request, max_repairs=step.max_repairs)
        return Outcome(
            data=reply.data,
            text=reply.text,
            usage=reply.usage,
            model=reply.model,
            prompt_hash=content_key(material(request))[:16],
            cached=reply.restored,
            notice=reply.notice or self._notice(step, model),
        )

    def _choose(self, step: ModelStep, context: StepContext) -> Model:
        models = context.models
        vendors = [name for name in models if name != "offline"]
        for name in (self._preferred, *vendors, "offline"):
            if name in models:
                return models[name]
        raise NeedsModel(f"step {step.name!r} needs a model and none is configured")

    def _notice(self, step: ModelStep, model: Model) -> str:
        if self._preferred and model.name == "offline":
            return f"step {step.name!r} ({step.type}) is served offline: no key is set"
        return ""
