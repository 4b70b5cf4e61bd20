"""What one question cost and who answered it, however it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.llm.types import Model, OnText, Reply, Request, Usage, unheard
from bot.llm.wrapper import Wrapper
from bot.pipeline.context import Outcome
from bot.pipeline.record.calls import material
from bot.pipeline.record.checkpoints import content_key


@dataclass
class Metered(Wrapper):
    """A model that remembers what its answers cost."""

    inner: Model
    usage: Usage = field(default_factory=Usage)
    answered_by: str = ""
    calls: int = 0
    restored: int = 0
    notices: dict[str, None] = field(default_factory=dict)

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The model's answer."""
        reply = self.inner.complete(request, on_text=on_text)
        self.calls += 1
        self.restored += reply.restored
        self.usage = self.usage + reply.usage
        self.answered_by = reply.model
        if reply.notice:
            self.notices[reply.notice] = None
        return reply

    def told(self, outcome: Outcome, request: Request, notice: str) -> Outcome:
        """The outcome with who answered, what it cost, and what was asked."""
        return replace(
            outcome,
            usage=self.usage,
            model=self.answered_by or self.name,
            prompt_hash=content_key(material(request))[:16],
            cached=0 < self.calls == self.restored,
            notice="; ".join(filter(None, (notice, outcome.notice, *self.notices))),
        )
