"""A model around another one."""

from __future__ import annotations

from bot.llm.types import Model, Request


class Wrapper:
    """What it does not change is as the inner model has it."""

    inner: Model

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def local(self) -> bool:
        return self.inner.local

    def count_tokens(self, request: Request) -> int:
        """As the model itself counts."""
        return self.inner.count_tokens(request)
