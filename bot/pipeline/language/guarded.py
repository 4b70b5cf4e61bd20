"""Things that are left out where a condition does not hold."""

from __future__ import annotations

from pydantic import model_validator

from bot.core.model import Record
from bot.pipeline.language.step_base import Condition


class Guarded(Record):
    """Something with a condition, under either spelling."""

    condition: Condition = None
    """Left out when this does not hold."""
    when: Condition = None
    """The same as `condition`."""

    @model_validator(mode="after")
    def _one_guard(self) -> Guarded:
        if self.condition is not None and self.when is not None:
            raise ValueError("'when' and 'condition' mean the same; give one of them")
        return self

    @property
    def guard(self) -> Condition:
        """The condition it stands under, None for always."""
        return self.condition if self.when is None else self.when

    @property
    def guard_key(self) -> str:
        """The key `guard` is written under."""
        return "when" if self.when is not None else "condition"
