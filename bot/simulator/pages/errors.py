"""Refusals as pages: the API's status and words, and what was typed, so that it is not lost."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.errors import ApiError
from bot.simulator.pages.acting import way_back
from bot.simulator.pages.forms import NO_FIELDS, Fields
from bot.simulator.pages.rendering import page

TITLES = {
    401: "Who are you?",
    403: "You may not do that",
    404: "There is nothing here",
    405: "That cannot be done now",
    409: "Something changed meanwhile",
    410: "It is gone",
    413: "That is too large",
    422: "That was not accepted",
    500: "Something broke",
}
KEPT = 4
"""Of the texts that were typed, as many are shown again."""


def error_page(request: Request, error: ApiError) -> Response:
    response = page(
        request,
        "error.html",
        error.status,
        title=TITLES.get(error.status, "That did not work"),
        error=error,
        sentences=[_sentence(e) for e in error.errors],
        typed=_typed(request),
        back=way_back(request),
    )
    response.headers.update(error.headers)
    return response


def _typed(request: Request) -> list[str]:
    """The texts of the form, if it could be read before it was refused."""
    fields: Fields = getattr(request.state, "fields", NO_FIELDS)
    return [v for k, v in fields.items() if k in ("title", "body") and v.strip()][:KEPT]


def _sentence(error: object) -> str:
    """GitHub's detail of a refusal in words: `{"resource": …, "field": …, "code": …}`."""
    if not isinstance(error, dict):
        return str(error)
    if message := error.get("message"):
        return str(message)
    code = str(error.get("code", "invalid")).replace("_", " ")
    return f"{error.get('resource', '')} {error.get('field', '')}: {code}".strip()
