"""Anthropic's Messages API as far as the bot uses it, with the refusals and the cache it has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes.anthropic_rules import PrefixCache, check, signed
from tests.fakes.vendor_server import (
    Answer,
    Body,
    Cut,
    Drip,
    Fail,
    FailLate,
    Raw,
    Received,
    Refusal,
    Reply,
    Say,
    Script,
    Stall,
    Tokens,
    VendorServer,
    split,
    tokens_of,
)

MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5")

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_MESSAGES = {401: "invalid bearer token", 429: "This would exceed a rate limit", 529: "Overloaded"}


class AnthropicServer(VendorServer):
    """Speaks server-sent events as documented for `POST /v1/messages`."""

    def __init__(self, script: Script = (), *, models: Iterable[str] = MODELS) -> None:
        super().__init__(script, models=models)
        self.cache = PrefixCache()
        self._made = 0

    def serve(self, request: Received, reply: Reply) -> None:
        path = urlsplit(request.path).path
        if "authorization" not in request.headers and "x-api-key" not in request.headers:
            raise Refusal("x-api-key header is required", status=401)
        if "anthropic-version" not in request.headers:
            raise Refusal("anthropic-version: header is required")
        match request.method, path:
            case "POST", "/v1/messages":
                check(request.body, self.models)
                self._answer(self.next_answer(request), request.body, reply)
            case "POST", "/v1/messages/count_tokens":
                check({**request.body, "max_tokens": 1}, self.models)
                reply.json({"input_tokens": self.cache.size(request.body)})
            case "GET", "/v1/models":
                self._list(request, reply)
            case "GET", _ if path.startswith("/v1/models/"):
                self._describe(unquote(path.removeprefix("/v1/models/")), reply)
            case _:
                raise Refusal("Not Found", status=404)

    def error(self, fail: Fail) -> Body:
        kind = fail.kind or _KINDS.get(fail.status, "api_error")
        message = fail.message or _MESSAGES.get(fail.status, "Internal server error")
        return {
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy",
        }

    def _list(self, request: Received, reply: Reply) -> None:
        limit = int(parse_qs(urlsplit(request.path).query).get("limit", ["20"])[0])
        page = [_model(name) for name in self.models[:limit]]
        reply.json(
            {
                "data": page,
                "has_more": len(self.models) > limit,
                "first_id": page[0]["id"] if page else None,
                "last_id": page[-1]["id"] if page else None,
            }
        )

    def _describe(self, name: str, reply: Reply) -> None:
        if name not in self.models:
            raise Refusal(f"model: {name}", status=404)
        reply.json(_model(name))

    def _answer(self, answer: Answer, body: Body, reply: Reply) -> None:
        match answer:
            case Fail():
                reply.fail(answer)
            case Raw():
                reply.whole(answer.body, answer.content_type)
            case Say():
                read, written = self.cache.use(body)
                if body.get("stream"):
                    reply.stream(self._events(answer, body, read, written))
                else:
                    reply.json(self._message(answer, body, read, written))
            case FailLate():
                events = list(self._events(answer.after, body, 0, 0))[:-3]
                error = self.error(Fail(500, answer.message, answer.kind))
                reply.stream([*events, _event("error", error)])
            case Cut():
                events = list(self._events(answer.after, body, 0, 0))[:-4]
                if answer.cleanly:
                    reply.stream(events)
                    return
                reply.begin_stream()
                for event in events[:-1]:
                    reply.event(event)
                reply.cut(events[-1])
            case Stall():
                if answer.events:
                    reply.begin_stream()
                for event in list(self._events(Say("and so"), body, 0, 0))[: answer.events]:
                    reply.event(event)
                reply.stall()
            case Drip():
                reply.begin_stream()
                reply.event(next(self._events(Say("and so"), body, 0, 0)))
                reply.drip(_event("ping", {"type": "ping"}))

    def _message(self, say: Say, body: Body, read: int, written: int) -> Body:
        self._made += 1
        blocks = _blocks(say, self._made)
        stop = say.stop or ("tool_use" if say.calls else "end_turn")
        said = say.tokens
        cached = read if said.cached is None else said.cached
        created = written if said.cache_written is None else said.cache_written
        fresh = max(0, self.cache.size(body) - cached - created)
        return {
            "id": f"msg_{self._made:024}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": blocks,
            "stop_reason": stop,
            "stop_sequence": None,
            "stop_details": _details(say) if stop == "refusal" else None,
            "usage": {
                "input_tokens": fresh if said.input is None else said.input,
                "cache_creation_input_tokens": created,
                "cache_read_input_tokens": cached,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": created,
                    "ephemeral_1h_input_tokens": 0,
                },
                "output_tokens": tokens_of(blocks) if said.output is None else said.output,
                "service_tier": "standard",
            },
        }

    def _events(self, say: Say, body: Body, read: int, written: int) -> Iterator[bytes]:
        message = self._message(say, body, read, written)
        usage = message["usage"]
        start = {
            **message,
            "content": [],
            "stop_reason": None,
            "stop_details": None,
            "usage": {**usage, "output_tokens": 1},
        }
        yield _event("message_start", {"type": "message_start", "message": start})
        for _ in range(say.pings):
            yield _event("ping", {"type": "ping"})
        calls = iter(say.calls)
        for index, block in enumerate(message["content"]):
            raw = next(calls).raw if block["type"] == "tool_use" else None
            yield from _block_events(index, block, raw, say)
        ends = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
        totals = {name: usage[name] for name in usage if name.endswith("_tokens")}
        if say.tokens.thinking:
            totals["output_tokens_details"] = {"thinking_tokens": say.tokens.thinking}
        yield _event("message_delta", {"type": "message_delta", "delta": ends, "usage": totals})
        yield _event("message_stop", {"type": "message_stop"})


def _blocks(say: Say, number: int) -> list[Body]:
    blocks: list[Body] = []
    if say.thinking:
        blocks.append(signed(say.thinking))
    if say.text:
        blocks.append({"type": "text", "text": say.text})
    for index, call in enumerate(say.calls):
        blocks.append(
            {
                "type": "tool_use",
                "id": f"toolu_{number:02}_{index:02}",
                "name": call.name,
                "input": dict(call.arguments),
            }
        )
    return blocks


def _block_events(index: int, block: Body, raw: str | None, say: Say) -> Iterator[bytes]:
    kind = block["type"]
    empty = {**block}
    deltas: list[Body] = []
    if kind == "thinking":
        empty |= {"thinking": "", "signature": ""}
        deltas = [
            {"type": "thinking_delta", "thinking": p} for p in split(block["thinking"], say.pieces)
        ]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif kind == "text":
        empty["text"] = ""
        deltas = [{"type": "text_delta", "text": p} for p in split(block["text"], say.pieces)]
    else:
        empty["input"] = {}
        text = json.dumps(block["input"]) if raw is None else raw
        deltas = [
            {"type": "input_json_delta", "partial_json": p} for p in ("", *split(text, say.pieces))
        ]
    begin = {"type": "content_block_start", "index": index, "content_block": empty}
    yield _event("content_block_start", begin)
    for delta in deltas:
        data = {"type": "content_block_delta", "index": index, "delta": delta}
        yield _event("content_block_delta", data)
    yield _event("content_block_stop", {"type": "content_block_stop", "index": index})


def _details(say: Say) -> Body:
    return {"type": "refusal", "category": "cyber", "explanation": say.why or None}


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _model(name: str) -> Body:
    ending = name.endswith("4-5")
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "deprecated" if ending else "active",
        "deprecated_at": "2026-10-01T00:00:00Z" if ending else None,
        "retires_at": "2027-01-15T00:00:00Z" if ending else None,
        "max_input_tokens": 200_000 if ending else 1_000_000,
        "max_tokens": 64_000 if ending else 128_000,
    }


__all__ = ["AnthropicServer", "Tokens"]
