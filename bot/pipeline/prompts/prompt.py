"""Turns a model step's prompt parts into a request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bot.llm.types import Part, Request, section
from bot.pipeline.context import StepContext
from bot.pipeline.language import parts
from bot.pipeline.language.model_steps import Prompt, PromptStep
from bot.pipeline.language.named_types import resolved_schema
from bot.pipeline.prompts.asking import Asking, asking
from bot.pipeline.prompts.part_texts import Quoting

ANY_JSON: dict[str, Any] = {"description": "Any JSON value."}
"""What `output_format: json` asks for."""


def build_request(
    step: PromptStep,
    context: StepContext,
    *,
    how: Asking | None = None,
    prompt: Prompt | None = None,
    session: str = "",
) -> Request:
    """The request of a model step, everything filled in.

    `prompt` is asked instead of the step's own; `session` is the name of the step's conversation.
    """
    how = how or asking(step, context)
    schema = resolved_schema(step.wanted_schema, context.workflow.types)
    return Request(
        parts=_Parts(step.name, context, session).of(prompt or step.prompt),
        output_schema=ANY_JSON if schema is None and how.any_json else schema,
        skill=step.offline,
        arguments=context.resolve(step.arguments),
        options=how.options,
        step=step.name,
        system=how.system,
    )


@dataclass(frozen=True)
class _Parts:
    step: str
    context: StepContext
    session: str

    def of(self, prompt: Prompt) -> tuple[Part, ...]:
        """The parts that stand, those that are injected put where the others want them."""
        injected: dict[str, Any] = {}
        for part in prompt:
            if isinstance(part, parts.QuotedPart) and part.inject_as is not None:
                quoted = self._quoted(part, {}) if self._stands(part) else ()
                injected[part.inject_as] = "\n\n".join(map(section, quoted))
        return tuple(
            quoted
            for part in prompt
            if not (isinstance(part, parts.QuotedPart) and part.inject_as) and self._stands(part)
            for quoted in self._quoted(part, injected)
        )

    def _stands(self, part: parts.PartBase) -> bool:
        if isinstance(part, parts.PreviousResponsePart) and self.context.scope.awaits(part.source):
            # A step further down in a while_loop has answered nothing in its first iteration.
            return False
        return part.guard is None or self.context.holds(part.guard)

    def _quoted(self, part: parts.Part, injected: dict[str, Any]) -> tuple[Part, ...]:
        quoting = Quoting(self.step, self.context)
        match part:
            case parts.StaticPart():
                return (self._said(part.content, injected),)
            case parts.ClaudeContinuePart():
                return (self._said(part.new_prompt, injected),)
            case parts.FilePart():
                return quoting.file(part, injected)
            case parts.PreviousResponsePart():
                return (quoting.response(part),)
            case parts.SessionContextPart():
                return quoting.session(part, self.session)
            case parts.FindingsPart():
                return (quoting.findings(part),)
            case parts.CodebasePart():
                return quoting.codebase(part)

    def _said(self, text: str, injected: dict[str, Any]) -> Part:
        scope = self.context.scope.child(**injected) if injected else self.context.scope
        return Part("instructions", replace(self.context, scope=scope).render(text))
