"""Gemini behind the `Model` protocol, through Google's SDK; imported at the first call."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar, cast

from bot.llm.types import ModelInfo, OnText, Reply, Request
from bot.llm.vendors.exchange import Allowance, each, understood, well_formed
from bot.llm.vendors.gemini_stream import read, reply
from bot.llm.vendors.gemini_wire import counted, wire
from bot.llm.vendors.vendor import VendorModel
from bot.llm.vendors.vendor_errors import Fault, Kind, connection_fault, reason_of, seconds_to_wait
from bot.settings import Vendor

if TYPE_CHECKING:
    from google import genai
    from google.genai import errors, types

_KINDS: Mapping[int, Kind] = {
    401: "key",
    402: "billing",
    403: "key",
    404: "model",
    408: "unavailable",
    413: "size",
    429: "unavailable",
    499: "unavailable",
}
SHORTEST_DEADLINE = 10
"""Seconds; the vendor refuses requests that give it less."""

_TOO_MUCH = re.compile(r"token count.*exceeds|payload size exceeds", re.IGNORECASE)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s\Z")


class GeminiModel(VendorModel):
    """Answers with Gemini."""

    vendor: ClassVar[Vendor] = "gemini"

    _opened: genai.Client | None = None

    @property
    def _client(self) -> genai.Client:
        """The one client: a second one that threads made at once would be closed under a stream."""
        from google import genai

        with self._opening:
            if self._opened is None:
                self._opened = genai.Client(
                    api_key=self._key.get_secret_value(),
                    vertexai=False,
                    http_options={"base_url": self._base_url or None},
                )
            return self._opened

    def _exchange(
        self, request: Request, model: str, allowance: Allowance, on_text: OnText
    ) -> Reply:
        from google.genai import types

        sent = wire(request, model)
        config = well_formed(sent.config)
        stream = self._client.models.generate_content_stream(
            model=model,
            contents=well_formed(sent.contents),
            config=types.GenerateContentConfig(**config, http_options=_http(allowance)),
        )
        # An SDK stream that is only dropped keeps its connection until it is collected.
        with closing(cast("Generator[types.GenerateContentResponse]", stream)):
            answer = read(allowance.until_spent(each(stream)), model, on_text)
        return reply(answer, model, len(request.history) + len(request.turns))

    def _count(self, request: Request, model: str, allowance: Allowance) -> int:
        from google.genai import types

        ask, contents = self._client.models.count_tokens, well_formed(counted(request, model))
        config = types.CountTokensConfig(http_options=_http(allowance))
        found = understood(lambda: ask(model=model, contents=contents, config=config))
        return found.total_tokens or 0

    def _info(self, model: str, allowance: Allowance) -> ModelInfo:
        from google.genai import types

        config = types.GetModelConfig(http_options=_http(allowance))
        found = understood(lambda: self._client.models.get(model=model, config=config))
        return ModelInfo(
            name=_short(found.name or model),
            max_input_tokens=found.input_token_limit,
            max_output_tokens=found.output_token_limit,
        )

    def _names(self, allowance: Allowance) -> list[str]:
        from google.genai import types

        config = types.ListModelsConfig(http_options=_http(allowance), page_size=1000)
        page = understood(lambda: self._client.models.list(config=config).page)
        return [_short(model.name) for model in page if model.name]

    def _failures(self) -> tuple[type[Exception], ...]:
        import httpx2
        from google.genai import errors

        return errors.APIError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError

    def _fault(self, error: Exception) -> Fault:
        from google.genai import errors

        return (
            _status_fault(error) if isinstance(error, errors.APIError) else connection_fault(error)
        )


def _http(allowance: Allowance) -> types.HttpOptions:
    from google.genai import types

    return types.HttpOptions(
        timeout=max(1, math.ceil(allowance.silence * 1000)),
        headers={"X-Server-Timeout": str(max(SHORTEST_DEADLINE, math.ceil(allowance.seconds)))},
    )


def _short(name: str) -> str:
    return name.removeprefix("models/")


def _status_fault(error: errors.APIError) -> Fault:
    status = int(error.code or 500)
    message = str(error.message or error.details)
    kind: Kind = _KINDS.get(status, "unavailable" if status >= 500 else "request")
    details = _details(error)
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in details):
        kind = "key"
    elif kind == "model" and error.status != "NOT_FOUND":
        kind = "address"
    elif kind == "request" and _TOO_MUCH.search(message):
        kind = "size"
    return Fault(
        kind,
        f"{status} {error.status}: {message}",
        retry_after=_retry_after(error, details),
        reason=reason_of(status),
    )


def _details(error: errors.APIError) -> list[Mapping[str, Any]]:
    """The machine-readable part of an error, wherever a proxy may have put it."""
    body = error.details if isinstance(error.details, Mapping) else {}
    inner = body.get("error", body)
    details = inner.get("details") if isinstance(inner, Mapping) else None
    return [one for one in details if isinstance(one, Mapping)] if isinstance(details, list) else []


def _retry_after(error: errors.APIError, details: list[Mapping[str, Any]]) -> float | None:
    for detail in details:
        found = _SECONDS.match(str(detail.get("retryDelay", "")))
        if found:
            return float(found[1])
    headers = getattr(error.response, "headers", None)
    return seconds_to_wait(headers) if headers else None
