"""The Gemini API as far as the bot uses it, with the refusals and the implicit cache it has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.gemini_rules import check, check_contents, normal, sign
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
    VendorServer,
    split,
    tokens_of,
)

MODELS = ("gemini-3.8-flash", "gemini-4-argon", "gemini-4-carbon")
SMALLEST_CACHED = 512
SHORTEST_DEADLINE = 10

_PATH = re.compile(r"/v1(?:beta)?/models(?:/([^:/]+))?(?::(\w+))?\Z")
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_MESSAGES = {
    429: "You exceeded your current quota",
    500: "An internal error has occurred",
    503: "The model is overloaded. Please try again later.",
}


class GeminiServer(VendorServer):
    """Speaks server-sent events as documented for `streamGenerateContent?alt=sse`."""

    def __init__(self, script: Script = (), *, models: Iterable[str] = MODELS) -> None:
        super().__init__(script, models=models)
        self._seen: list[list[str]] = []
        self._made = 0

    def serve(self, request: Received, reply: Reply) -> None:
        body = normal(request.body)
        if not request.headers.get("x-goog-api-key"):
            raise Refusal("Method doesn't allow unregistered callers", status=403)
        deadline = int(request.headers.get("x-server-timeout", "60"))
        if deadline < SHORTEST_DEADLINE:
            raise Refusal(f"Manually set deadline {deadline}s is too short.")
        found = _PATH.match(urlsplit(request.path).path)
        if found is None:
            raise Refusal("Not Found", status=404)
        name, method = found.groups()
        if name is not None and name not in self.models:
            raise Refusal(
                f"models/{name} is not found for API version v1, or is not supported", status=404
            )
        match request.method, method:
            case "GET", None if name is None:
                reply.json({"models": [_model(each) for each in self.models]})
            case "GET", None:
                reply.json(_model(str(name)))
            case "POST", "streamGenerateContent" | "generateContent":
                check(body)
                streamed = method == "streamGenerateContent"
                if streamed and "alt=sse" not in urlsplit(request.path).query:
                    raise Refusal("this server streams events only")
                self._answer(self.next_answer(request), body, str(name), reply)
            case "POST", "countTokens":
                if body.keys() - {"contents"}:
                    raise Refusal('Unknown name "tools": Cannot find field.')
                check_contents(body["contents"])
                reply.json({"totalTokens": sum(map(tokens_of, body["contents"]))})
            case _:
                raise Refusal("Not Found", status=404)

    def error(self, fail: Fail) -> Body:
        status = fail.kind or _STATUSES.get(fail.status, "UNKNOWN")
        message = fail.message or _MESSAGES.get(fail.status, "Request failed")
        error: Body = {"code": fail.status, "message": message, "status": status}
        if fail.details:
            error["details"] = list(fail.details)
        return {"error": error}

    def _answer(self, answer: Answer, body: Body, model: str, reply: Reply) -> None:
        match answer:
            case Fail():
                reply.fail(answer)
            case Raw():
                reply.whole(answer.body, answer.content_type)
            case Say():
                reply.stream(self._events(answer, body, model, self._cached(body)))
            case FailLate():
                events = list(self._events(answer.after, body, model, 0))[:-2]
                reply.stream([*events, _event(self.error(Fail(503, answer.message, answer.kind)))])
            case Cut():
                events = list(self._events(answer.after, body, model, 0))[:-1]
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
                for event in list(self._events(Say("and so"), body, model, 0))[: answer.events]:
                    reply.event(event)
                reply.stall()
            case Drip():
                reply.begin_stream()
                reply.drip(_event({"usageMetadata": {"promptTokenCount": 1}}))

    def _cached(self, body: Body) -> int:
        """Tokens that some earlier request began with too, rounded as the vendor does not say."""
        mine = _sequence(body)
        common = max((_common(mine, other) for other in self._seen), default=0)
        self._seen.append(mine)
        size = sum(_size(text) for text in mine[:common])
        return size if size >= SMALLEST_CACHED else 0

    def _events(self, say: Say, body: Body, model: str, cached: int) -> Iterator[bytes]:
        self._made += 1
        parts = list(_parts(say, self._made))
        blocked = say.stop.removeprefix("blocked:") if say.stop.startswith("blocked:") else ""
        usage = self._usage(say, body, parts, cached)
        base = {"modelVersion": model, "responseId": f"response-{self._made}"}
        if blocked:
            feedback = {"blockReason": blocked, "blockReasonMessage": say.why}
            yield _event({**base, "promptFeedback": feedback, "usageMetadata": usage})
            return
        for part in parts:
            content = {"parts": [part], "role": "model"}
            partial = {**usage, "candidatesTokenCount": 1}
            yield _event(
                {**base, "candidates": [{"content": content, "index": 0}], "usageMetadata": partial}
            )
        end: Body = {"finishReason": say.stop or "STOP", "index": 0}
        end["content"] = {"parts": [{"text": ""}], "role": "model"}
        if say.why:
            end["finishMessage"] = say.why
        if say.thinking and not say.calls:
            end["content"]["parts"] = [sign({"text": ""})]
        yield _event({**base, "candidates": [end], "usageMetadata": usage})

    def _usage(self, say: Say, body: Body, parts: list[Body], cached: int) -> Body:
        said = say.tokens
        prompt = sum(map(_size, _sequence(body))) if said.input is None else said.input
        output = sum(map(tokens_of, parts)) if said.output is None else said.output
        usage = {"promptTokenCount": prompt, "candidatesTokenCount": output}
        kept = cached if said.cached is None else said.cached
        if kept:
            usage["cachedContentTokenCount"] = kept
        if said.thinking:
            usage["thoughtsTokenCount"] = said.thinking
        usage["totalTokenCount"] = prompt + output + said.thinking
        return usage


def _parts(say: Say, number: int) -> Iterator[Body]:
    for piece in split(say.text, say.pieces):
        yield {"text": piece}
    for index, call in enumerate(say.calls):
        called = {"name": call.name, "args": dict(call.arguments)}
        identified = {"id": f"call{number:02}{index:02}"} if say.ids else {}
        part = {"functionCall": {**identified, **called}}
        yield sign(part) if index == 0 else part


def _sequence(body: Body) -> list[str]:
    """What the implicit cache compares, in the order in which it does."""
    head = {name: body[name] for name in ("systemInstruction", "tools") if name in body}
    return [json.dumps(each, sort_keys=True) for each in (head, *body["contents"])]


def _size(text: str) -> int:
    return (len(text) + 3) // 4


def _common(one: list[str], other: list[str]) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _event(data: Any) -> bytes:
    return f"data: {json.dumps(data)}\r\n\r\n".encode()


def _model(name: str) -> Body:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }
