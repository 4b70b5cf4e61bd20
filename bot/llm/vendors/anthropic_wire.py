"""Requests in the form of Anthropic's Messages API, marked so that what stays is read from cache.

A conversation is only ever added to: the blocks of a message depend on the message alone, so the
next request begins with the bytes of this one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.tokens import estimate
from bot.llm.types import Json, Message, PartKind, Request, Tool
from bot.llm.vendors.dialects import CLAUDE, in_words, narrowed
from bot.llm.vendors.exchange import DEFAULT_MAX_TOKENS
from bot.llm.vendors.turns import settled

Block = dict[str, Any]

STABLE: frozenset[PartKind] = frozenset(("codebase", "file", "findings"))
"""Data that many steps read; what else a prompt holds changes from step to step."""

SMALLEST_CACHED = 1024
"""Tokens; caching less is not worth a mark, and some models do not do it."""

_SECTION_END = "\n</data>\n\n"
_MARK = {"type": "ephemeral"}


@dataclass(frozen=True)
class Wire:
    """A request body, and the digest of all that an answer to it will follow."""

    body: dict[str, Any]
    prefix: str


def wire(request: Request, model: str) -> Wire:
    """The body of a call that answers `request`."""
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.options.max_tokens or DEFAULT_MAX_TOKENS,
        "messages": [],
    }
    if request.system.strip():
        body["system"] = [{"type": "text", "text": request.system}]
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    schema = request.output_schema
    form = None if schema is None else narrowed(schema, CLAUDE)
    config: dict[str, Json] = {}
    if request.options.effort:
        config["effort"] = request.options.effort
    if form is not None:
        config["format"] = {"type": "json_schema", "schema": form}
    if config:
        body["output_config"] = config
    words = "" if schema is None or form is not None else f"\n\n{in_words(schema)}"
    prefix = _fill(body, request, words)
    return Wire(body, prefix)


def _tool(tool: Tool) -> Block:
    schema = {"type": "object", **tool.parameters}
    return {"name": tool.name, "description": tool.description, "input_schema": schema}


def _fill(body: dict[str, Any], request: Request, words: str) -> str:
    """Put the conversation into the body, and marks where the cache is to hold on."""
    tools = bool(request.tools)
    prompt = Message("user", request.prompt())
    said = _Conversation(json.dumps([body["model"], body.get("system"), body.get("tools")]))
    for message in settled(request.history, tools=tools):
        said.add(message)
    begin = len(said.messages)
    for message in settled((prompt, *request.turns), tools=tools):
        said.add(message, words if message is prompt else "")
    body["messages"] = said.messages
    for block in _marked(body, request, begin):
        block["cache_control"] = _MARK
    return said.digest()


class _Conversation:
    """Messages in wire form, and the digest of their content so far."""

    def __init__(self, head: str) -> None:
        self.messages: list[dict[str, Any]] = []
        self._hash = hashlib.sha256(head.encode())

    def digest(self) -> str:
        return self._hash.hexdigest()[:32]

    def add(self, message: Message, words: str = "") -> None:
        if message.role == "user":
            content = plain = _user_blocks(message, words)
        else:
            plain = _assistant_blocks(message)
            content = self._thinking(message) or plain
        if content:
            self.messages.append({"role": message.role, "content": content})
        self._hash.update(json.dumps([message.role, plain], sort_keys=True).encode())

    def _thinking(self, message: Message) -> list[Block] | None:
        """The blocks as they came, if nothing before them has changed: else they are refused."""
        kept = message.vendor.get("anthropic") if isinstance(message.vendor, Mapping) else None
        if not isinstance(kept, Mapping) or kept.get("prefix") != self.digest():
            return None
        return [dict(block) for block in kept["blocks"]]


def _user_blocks(message: Message, words: str) -> list[Block]:
    blocks: list[Block] = []
    for result in message.results:
        block: Block = {"type": "tool_result", "tool_use_id": result.id}
        if result.text:
            block["content"] = result.text
        if result.failed:
            block["is_error"] = True
        blocks.append(block)
    pieces = [*_pieces(message.text), words]
    return blocks + [{"type": "text", "text": piece} for piece in pieces if piece.strip()]


def _assistant_blocks(message: Message) -> list[Block]:
    blocks: list[Block] = []
    if message.text.strip():
        blocks.append({"type": "text", "text": message.text})
    for call in message.calls:
        blocks.append(
            {"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)}
        )
    return blocks


def _pieces(text: str) -> list[str]:
    """The text cut behind each data section: marks for the cache stand between blocks only."""
    *sections, rest = text.split(_SECTION_END)
    return [section + _SECTION_END for section in sections] + [rest]


def _marked(body: Mapping[str, Any], request: Request, begin: int) -> list[Block]:
    """Where a prefix ends that a later call shares: head, stable data, last turn, this turn."""
    messages = body["messages"]
    marks = [blocks[-1] for blocks in (body.get("system") or body.get("tools"),) if blocks]
    if begin < len(messages):
        marks += _stable_end(messages[begin]["content"], request)
    if request.tools or request.turns or request.history:
        asked = [message for message in messages if message["role"] == "user"]
        marks += [message["content"][-1] for message in asked[-2:]]
    return list({id(block): block for block in marks}.values())


def _stable_end(blocks: list[Block], request: Request) -> list[Block]:
    data = [part.kind for part in request.parts if part.kind != "instructions"]
    last = max((at for at, kind in enumerate(data) if kind in STABLE), default=None)
    texts = [block for block in blocks if block["type"] == "text"]
    if last is None or last >= len(texts):
        return []
    size = sum(estimate(block["text"]) for block in texts[: last + 1])
    return [texts[last]] if size >= SMALLEST_CACHED else []


def without_effect(request: Request) -> str:
    """What was asked for and Claude does not take; no word of it would look as if it did."""
    options: Mapping[str, Json] = {
        "temperature": request.options.temperature,
        "top_p": request.options.top_p,
        "top_k": request.options.top_k,
    }
    given = [name for name, value in options.items() if value is not None]
    return f"Claude takes no {', '.join(given)}: left out" if given else ""
