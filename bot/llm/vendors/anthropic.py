"""Claude behind the `Model` protocol, through Anthropic's SDK; imported at the first call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from bot.core.usage import Usage
from bot.errors import ModelMisbehaved
from bot.llm.types import ModelInfo, OnText, Reply, Request
from bot.llm.vendors.anthropic_stream import PAUSED, Answer, read, reply
from bot.llm.vendors.anthropic_wire import wire, without_effect
from bot.llm.vendors.exchange import Allowance, Garbled, each, understood, well_formed
from bot.llm.vendors.vendor import VendorModel
from bot.llm.vendors.vendor_errors import Fault, Kind, connection_fault, reason_of, seconds_to_wait
from bot.settings import Vendor

if TYPE_CHECKING:
    import anthropic

MAX_PAUSES = 4
"""How often a turn the vendor interrupts is asked to go on."""

CONNECT_SECONDS = 15.0

_KINDS_BY_STATUS: dict[int, Kind] = {
    401: "key",
    402: "billing",
    403: "key",
    404: "model",
    408: "unavailable",
    409: "unavailable",
    413: "size",
    429: "unavailable",
}
_KINDS_BY_TYPE: dict[str, Kind] = {
    "authentication_error": "key",
    "permission_error": "key",
    "billing_error": "billing",
    "not_found_error": "model",
    "request_too_large": "size",
    "invalid_request_error": "request",
}


class AnthropicModel(VendorModel):
    """Answers with Claude."""

    vendor: ClassVar[Vendor] = "anthropic"

    _opened: anthropic.Anthropic | None = None

    @property
    def _client(self) -> anthropic.Anthropic:
        import anthropic

        with self._opening:
            if self._opened is None:
                self._opened = anthropic.Anthropic(
                    api_key=self._key.get_secret_value(),
                    base_url=self._base_url or None,
                    max_retries=0,
                    open_telemetry=False,
                )
            return self._opened

    def _exchange(
        self, request: Request, model: str, allowance: Allowance, on_text: OnText
    ) -> Reply:
        sent = wire(request, model)
        body, usage, answer = sent.body, Usage(), Answer()
        for _ in range(1 + MAX_PAUSES):
            earlier, answer = answer, self._stream(body, allowance, on_text)
            answer.follow(earlier)
            usage = usage + answer.usage()
            if answer.stop_reason != PAUSED:
                notice = without_effect(request)
                return understood(partial(reply, answer, usage, sent.prefix, notice))
            said = {"role": "assistant", "content": answer.blocks}
            body = {**sent.body, "messages": [*sent.body["messages"], said]}
        raise ModelMisbehaved(f"{model} paused its turn again and again", usage=usage)

    def _stream(self, body: dict[str, Any], allowance: Allowance, on_text: OnText) -> Answer:
        create = self._client.messages.with_streaming_response.create
        with create(
            **well_formed(body), stream=True, timeout=self._timeouts(allowance)
        ) as response:
            return read(allowance.until_spent(_events(response.http_response)), on_text)

    def _count(self, request: Request, model: str, allowance: Allowance) -> int:
        body = well_formed(wire(request, model).body)
        del body["max_tokens"]
        ask = self._client.messages.count_tokens
        timeout = self._timeouts(allowance)
        return int(understood(lambda: ask(**body, timeout=timeout).input_tokens))

    def _info(self, model: str, allowance: Allowance) -> ModelInfo:
        ask, timeout = self._client.models.retrieve, self._timeouts(allowance)
        return understood(lambda: _described(ask(model, timeout=timeout)))

    def _names(self, allowance: Allowance) -> list[str]:
        ask, timeout = self._client.models.list, self._timeouts(allowance)
        return understood(lambda: [model.id for model in ask(limit=1000, timeout=timeout).data])

    def _timeouts(self, allowance: Allowance) -> anthropic.Timeout:
        import anthropic

        return anthropic.Timeout(allowance.silence, connect=min(CONNECT_SECONDS, allowance.seconds))

    def _failures(self) -> tuple[type[Exception], ...]:
        import anthropic
        import httpx2

        return anthropic.AnthropicError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError

    def _fault(self, error: Exception) -> Fault:
        import anthropic

        if isinstance(error, anthropic.APIStatusError):
            return _status_fault(error)
        wrapped = error.__cause__ if isinstance(error, anthropic.APIConnectionError) else None
        return connection_fault(error if wrapped is None else wrapped)


def _events(response: Any) -> Iterator[dict[str, Any]]:
    """The stream's events as they came; raises the vendor's error when one stands among them."""
    import anthropic

    for sent in each(anthropic.Stream.raw_events(response)):
        try:
            event = json.loads(sent.data) if sent.data else {"type": "ping"}
        except ValueError:
            raise Garbled("an event of the stream is no JSON") from None
        if sent.event == "error":
            raise anthropic.APIStatusError("in the stream", response=response, body=event)
        if isinstance(event, dict):
            yield event


def _described(found: anthropic.types.ModelInfo) -> ModelInfo:
    return ModelInfo(
        name=found.id,
        max_input_tokens=found.max_input_tokens,
        max_output_tokens=found.max_tokens,
        lifecycle=found.lifecycle,
        retires_on=found.retires_at.date().isoformat() if found.retires_at else "",
    )


def _status_fault(error: anthropic.APIStatusError) -> Fault:
    status = error.status_code
    said, named = str(error.api_message or error.body or error), str(error.type or "")
    kind: Kind = _KINDS_BY_STATUS.get(status, "unavailable" if status >= 500 else "request")
    if status < 400:
        kind = _KINDS_BY_TYPE.get(named, "unavailable")
    elif kind == "model" and named != "not_found_error":
        kind = "address"
    elif kind == "request" and "too long" in said:
        kind = "size"
    what = " ".join(filter(None, (str(status) if status >= 400 else "", named)))
    return Fault(
        kind,
        f"{what}: {said}" if what else said,
        retry_after=seconds_to_wait(error.response.headers),
        again=error.response.headers.get("x-should-retry") != "false",
        reason=reason_of(status, named),
    )
