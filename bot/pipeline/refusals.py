"""Keys that are documented elsewhere and mean nothing here: refused with what to use instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from bot.core.model import Record

REFUSED_KEY = "refused_key"
"""Type of the validation error; its context holds `key` and `why`."""


class Refusing(Record):
    """A map that knows which of its unknown keys deserve an explanation."""

    refused: ClassVar[Mapping[str, str]] = {}
    """Key to why it is not taken and what to write instead."""

    @model_validator(mode="before")
    @classmethod
    def _refuse(cls, value: Any) -> Any:
        for key in value if isinstance(value, Mapping) else ():
            if key in cls.refused:
                why = cls.refused[key]
                raise PydanticCustomError(REFUSED_KEY, "{why}", {"key": key, "why": why})
        return value
