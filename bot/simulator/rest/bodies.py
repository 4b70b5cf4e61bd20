"""Request bodies: strict about types, silent about keys they do not know, as GitHub is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.simulator.errors import ApiError


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    def given(self, field: str) -> bool:
        """Whether the request named the field at all: null and absent differ in PATCH."""
        return field in self.model_fields_set


def refusal_of(errors: Sequence[Any]) -> ApiError:
    """GitHub's answer to a body or query that is not of the right form.

    `errors` are pydantic's, whose `loc` begins with where the value was: body, query or path.
    """
    if any(e["type"] == "json_invalid" for e in errors):
        return ApiError(400, "Problems parsing JSON")
    if any(tuple(e["loc"]) == ("body",) for e in errors):
        return ApiError(400, "Body should be a JSON object")
    if any(e["loc"][0] == "path" for e in errors):
        return ApiError(404, "Not Found")
    said = [_sentence(e) for e in errors]
    return ApiError(422, "Invalid request.\n\n" + "\n".join(said))


def _sentence(error: Any) -> str:
    where = [str(part) for part in error["loc"][1:]]
    name = where[-1] if where else "body"
    if error["type"] == "missing":
        return f'"{name}" wasn\'t supplied.'
    value = repr(error.get("input"))
    shown = value if len(value) <= 80 else value[:77] + "..."
    return f"For 'properties/{'/'.join(where)}', {shown}: {error['msg']}."
