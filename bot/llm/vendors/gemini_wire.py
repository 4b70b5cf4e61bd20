"""Requests in the form of the Gemini API, as the values its SDK takes.

Gemini caches by itself whatever a request has in common with an earlier one, so only the order
matters: what changes least comes first, and a conversation is only added to.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.llm.types import Message, Options, Request, Tool, ToolCall
from bot.llm.vendors.dialects import GEMINI, in_words, narrowed
from bot.llm.vendors.exchange import DEFAULT_MAX_TOKENS
from bot.llm.vendors.turns import settled

Part = dict[str, Any]

OWN_ID = "call-without-id-"
"""Begins the ids we give calls that came without one; the vendor never sees them."""

FOREIGN = b"skip_thought_signature_validator"
"""What the vendor documents as signature of a call that another model made."""

LEVELS: Mapping[str, str] = {
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "XHIGH",
    "max": "XHIGH",
}


@dataclass(frozen=True)
class Wire:
    """The arguments of a call."""

    contents: list[dict[str, Any]]
    config: dict[str, Any]


def wire(request: Request, model: str) -> Wire:
    """The arguments of a call that answers `request`."""
    config = _options(request.options)
    if request.system.strip():
        config["system_instruction"] = request.system
    if request.tools:
        config["tools"] = [{"function_declarations": [_declared(each) for each in request.tools]}]
    schema = request.output_schema
    # Older models refuse a form beside tools.
    form = None if schema is None or request.tools else narrowed(schema, GEMINI)
    if form is not None:
        config |= {"response_mime_type": "application/json", "response_json_schema": form}
    prompt = request.prompt()
    if schema is not None and form is None:
        prompt = f"{prompt}\n\n{in_words(schema)}"
    told = (*request.history, Message("user", prompt), *request.turns)
    return Wire(_contents(settled(told, tools=bool(request.tools)), model), config)


def counted(request: Request, model: str) -> list[dict[str, Any]]:
    """All that a request has the model read, as the contents which its counter takes."""
    sent = wire(request, model)
    rest = [request.system, json.dumps([_declared(each) for each in request.tools])]
    head = [_text(text) for text in rest if text.strip("[] \n")]
    first = [{"role": "user", "parts": head}] if head else []
    return first + sent.contents


def _options(options: Options) -> dict[str, Any]:
    config: dict[str, Any] = {
        "max_output_tokens": options.max_tokens or DEFAULT_MAX_TOKENS,
        "automatic_function_calling": {"disable": True},
        "automatic_continuation": False,
    }
    for name in ("temperature", "top_p", "top_k"):
        if getattr(options, name) is not None:
            config[name] = getattr(options, name)
    if options.effort:
        config["thinking_config"] = {"thinking_level": LEVELS[options.effort]}
    return config


def _declared(tool: Tool) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.parameters.get("properties"):
        form = narrowed(tool.parameters, GEMINI)
        declared["parameters_json_schema"] = dict(tool.parameters) if form is None else form
    return declared


def _contents(messages: tuple[Message, ...], model: str) -> list[dict[str, Any]]:
    contents = []
    unreadable: set[str] = set()
    for message in messages:
        unreadable |= {call.id for call in message.calls if call.problem}
        if message.role == "user":
            parts = _user_parts(message, unreadable)
        else:
            parts = _kept(message, model) or _model_parts(message, model)
        if parts:
            role = "user" if message.role == "user" else "model"
            contents.append({"role": role, "parts": parts})
    return contents


def _user_parts(message: Message, unreadable: set[str]) -> list[Part]:
    parts: list[Part] = []
    for result in message.results:
        if result.id in unreadable:
            parts.append(_text(result.text))
            continue
        response: dict[str, Any] = {
            "name": result.name,
            "response": {"error" if result.failed else "output": result.text},
        }
        parts.append({"function_response": {**_id(result.id), **response}})
    return parts + ([_text(message.text)] if message.text.strip() else [])


def _model_parts(message: Message, model: str) -> list[Part]:
    """A turn whose thoughts are not known here: another model's, or one without any."""
    parts = [_text(message.text)] if message.text.strip() else []
    calls = [_called(call) for call in message.calls]
    first = next((part for part in calls if "function_call" in part), None)
    if first is not None and not model.startswith(("gemini-1", "gemini-2")):
        first["thought_signature"] = FOREIGN
    return parts + calls


def _called(call: ToolCall) -> Part:
    if call.problem:
        return _text(f"(a call of {call.name} that could not be read)")
    return {"function_call": {**_id(call.id), "name": call.name, "args": dict(call.arguments)}}


def _kept(message: Message, model: str) -> list[Part] | None:
    """The parts as they came, signatures included, if this very model wrote them."""
    kept = message.vendor.get("gemini") if isinstance(message.vendor, Mapping) else None
    if not isinstance(kept, Mapping) or kept.get("model") != model:
        return None
    if bool(message.calls) != any("function_call" in part for part in kept["parts"]):
        return None
    return [_signed(part) for part in kept["parts"]]


def _signed(part: Mapping[str, Any]) -> Part:
    signature = part.get("thought_signature")
    decoded = {"thought_signature": base64.b64decode(signature)} if signature else {}
    return {**part, **decoded}


def _id(own: str) -> dict[str, str]:
    return {} if own.startswith(OWN_ID) else {"id": own}


def _text(text: str) -> Part:
    return {"text": text}
