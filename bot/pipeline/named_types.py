"""Types a step can name in `output_schema` instead of writing a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from bot.core.finding import Analysis
from bot.core.plan import Plan
from bot.core.verdict import Verdict

NAMED_TYPES: Mapping[str, type[BaseModel]] = {
    "analysis": Analysis,
    "plan": Plan,
    "verdict": Verdict,
}


def schema_named(name: str) -> dict[str, Any]:
    """The JSON Schema of a named type; raises `KeyError`, which loading rules out."""
    return NAMED_TYPES[name].model_json_schema()
