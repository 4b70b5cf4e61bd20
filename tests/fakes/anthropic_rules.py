"""What Anthropic's API refuses, and how its prompt cache counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.fakes.vendor_server import Body, Refusal, signature, tokens_of

FIELDS = frozenset(
    "model messages max_tokens system tools tool_choice stream stop_sequences metadata thinking "
    "output_config cache_control service_tier container diagnostics inference_geo speed".split()
)
SAMPLING = ("temperature", "top_p", "top_k")
EFFORTS = ("low", "medium", "high", "xhigh", "max")
MAX_BREAKPOINTS = 4
LOOKBACK = 20
SMALLEST = 512
"""Tokens; a shorter prefix is not cached."""

_KEYWORDS = frozenset(
    "type properties required additionalProperties items enum const anyOf allOf $ref $defs "
    "description title format minItems default".split()
)
_FORMATS = "date-time time date duration email hostname uri ipv4 ipv6 uuid".split()


def check(body: Body, models: Iterable[str]) -> None:
    """Raises `Refusal` as the vendor would."""
    unknown = sorted(body.keys() - FIELDS - set(SAMPLING))
    if unknown:
        raise Refusal(f"{unknown[0]}: Extra inputs are not permitted")
    for name in SAMPLING:
        if name in body:
            raise Refusal(f"{name}: not supported by this model")
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            raise Refusal(f"{name}: Field required")
    if body["model"] not in set(models):
        raise Refusal(f"model: {body['model']}", status=404)
    if not isinstance(body["max_tokens"], int) or body["max_tokens"] < 1:
        raise Refusal("max_tokens: Input should be greater than or equal to 1")
    _check_head(body)
    _check_messages(body)
    _check_breakpoints(body)
    _check_output(body.get("output_config", {}))


def signed(thinking: str) -> Body:
    """A thinking block of this server."""
    return {"type": "thinking", "thinking": thinking, "signature": signature(thinking)}


def _check_head(body: Body) -> None:
    for block in body.get("system", []):
        if block.keys() - {"type", "text", "cache_control"} or not block["text"].strip():
            raise Refusal("system: text content blocks must be non-empty")
    for tool in body.get("tools", []):
        if tool.keys() - {"name", "description", "input_schema", "cache_control", "strict"}:
            raise Refusal("tools.0: Extra inputs are not permitted")
        if tool["input_schema"].get("type") != "object":
            raise Refusal("tools.0.custom.input_schema.type: Input should be 'object'")


def _check_messages(body: Body) -> None:
    messages = body["messages"]
    if not messages:
        raise Refusal("messages: at least one message is required")
    if messages[-1]["role"] != "user" and not _paused(messages[-1]):
        raise Refusal("This model does not support assistant message prefill.")
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        if message.keys() != {"role", "content"} or message["role"] not in ("user", "assistant"):
            raise Refusal(f"{where}.role: Input should be 'user' or 'assistant'")
        if not message["content"]:
            raise Refusal(f"{where}: all messages must have non-empty content")
        _check_answers(message, open_calls, where)
        open_calls = []
        for number, block in enumerate(message["content"]):
            _check_block(block, message["role"], f"{where}.content.{number}")
            if block["type"] == "tool_use":
                open_calls.append(block["id"])
        uses_tools = any(b["type"].startswith("tool_") for b in message["content"])
        if uses_tools and not body.get("tools"):
            raise Refusal("Requests which include `tool_use` or `tool_result` must define tools")
    if open_calls:
        raise Refusal("`tool_use` ids were found without `tool_result` blocks immediately after")


def _paused(message: Body) -> bool:
    """Only a turn the vendor interrupted may end a request; nothing else is left unfinished."""
    return bool(message["content"]) and message["content"][-1].get("type") == "text"


def _check_answers(message: Body, open_calls: list[str], where: str) -> None:
    given = [b["tool_use_id"] for b in message["content"] if b["type"] == "tool_result"]
    stray = [each for each in given if each not in open_calls]
    if stray:
        raise Refusal(
            f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {stray[0]}"
        )
    if set(open_calls) - set(given):
        raise Refusal(
            f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after"
        )
    kinds = [block["type"] for block in message["content"]]
    if given and kinds[: len(given)] != ["tool_result"] * len(given):
        raise Refusal(f"{where}: `tool_result` blocks must come first")


_BLOCK_FIELDS: Mapping[str, frozenset[str]] = {
    "text": frozenset(("text", "citations")),
    "tool_use": frozenset(("id", "name", "input", "caller")),
    "tool_result": frozenset(("tool_use_id", "content", "is_error")),
    "thinking": frozenset(("thinking", "signature")),
}


def _check_block(block: Body, role: str, where: str) -> None:
    kind = block.get("type", "")
    allowed = ("text", "tool_result") if role == "user" else ("text", "tool_use", "thinking")
    if kind not in allowed:
        raise Refusal(f"{where}.type: Input tag {kind!r} does not match any of the expected tags")
    extra = block.keys() - _BLOCK_FIELDS[kind] - {"type", "cache_control"}
    if extra:
        raise Refusal(f"{where}.{kind}.{sorted(extra)[0]}: Extra inputs are not permitted")
    if kind == "text" and not block["text"].strip():
        raise Refusal("messages: text content blocks must contain non-whitespace text")
    if kind == "tool_use" and not isinstance(block["input"], dict):
        raise Refusal(f"{where}.tool_use.input: Input should be a valid dictionary")
    if kind == "thinking":
        if "cache_control" in block:
            raise Refusal(f"{where}.thinking.cache_control: Extra inputs are not permitted")
        if block["signature"] != signature(block["thinking"]):
            raise Refusal(f"{where}: Invalid `signature` in `thinking` block")


def _check_breakpoints(body: Body) -> None:
    marks = [block["cache_control"] for block in flat(body) if "cache_control" in block]
    if len(marks) > MAX_BREAKPOINTS:
        raise Refusal(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {len(marks)}."
        )
    if any(mark != {"type": "ephemeral"} for mark in marks):
        raise Refusal("cache_control: Input tag does not match")


def _check_output(config: Body) -> None:
    if config.keys() - {"effort", "format"}:
        raise Refusal("output_config: Extra inputs are not permitted")
    if config.get("effort", "high") not in EFFORTS:
        raise Refusal("output_config.effort: Input should be 'low', 'medium', 'high', ...")
    if "format" in config:
        check_schema(config["format"]["schema"])


def check_schema(schema: Body) -> None:
    """What structured outputs take of JSON Schema."""
    definitions = schema.get("$defs", {})
    for each in (schema, *definitions.values()):
        _check_schema(each, definitions, ())


def _check_schema(schema: Any, definitions: Body, inside: tuple[str, ...]) -> None:
    where = "output_config.format.schema"
    if not isinstance(schema, dict) or schema.keys() - _KEYWORDS:
        raise Refusal(f"{where}: For 'object' type, property is not supported: {schema}")
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        if name in inside:
            raise Refusal(f"{where}: Circular reference detected in schema definitions")
        if name not in definitions:
            raise Refusal(f"{where}: {schema['$ref']} cannot be resolved")
        _check_schema(definitions[name], definitions, (*inside, name))
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        raise Refusal(f"{where}: 'additionalProperties' must be explicitly set to false")
    if not {"type", "anyOf", "allOf", "enum", "const"} & schema.keys():
        raise Refusal(f"{where}: a schema must have a type")
    if schema.get("minItems", 0) not in (0, 1) or schema.get("format", "date") not in _FORMATS:
        raise Refusal(f"{where}: unsupported limit")
    for each in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        _check_schema(each, definitions, inside)
    if "items" in schema:
        _check_schema(schema["items"], definitions, inside)


def flat(body: Body) -> list[Body]:
    """Everything a cached prefix can end with, in the order in which the cache sees it."""
    blocks = [*body.get("tools", ()), *body.get("system", ())]
    for message in body["messages"]:
        blocks += message["content"]
    return blocks


class PrefixCache:
    """Prefixes that were marked once; each later request that begins so reads them."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def size(self, body: Body) -> int:
        """Tokens of a whole request."""
        return sum(tokens_of(block) for block in map(_plain, flat(body)))

    def use(self, body: Body) -> tuple[int, int]:
        """Tokens read from the cache and tokens written to it."""
        prefixes = list(_prefixes(body))
        marks = [at for at, block in enumerate(flat(body)) if "cache_control" in block]
        marks = [at for at in marks if prefixes[at][1] >= SMALLEST]
        found = [
            at
            for mark in marks
            for at in range(mark, max(-1, mark - LOOKBACK), -1)
            if prefixes[at][0] in self._known
        ]
        read = max((prefixes[at][1] for at in found), default=0)
        self._known |= {prefixes[at][0] for at in marks}
        return read, max((prefixes[at][1] for at in marks), default=read) - read


def _plain(block: Body) -> Body:
    return {name: value for name, value in block.items() if name != "cache_control"}


def _prefixes(body: Body) -> Iterator[tuple[str, int]]:
    digest, size = hashlib.sha256(body["model"].encode()), 0
    for block in map(_plain, flat(body)):
        digest.update(json.dumps(block, sort_keys=True).encode())
        size += tokens_of(block)
        yield digest.hexdigest(), size
