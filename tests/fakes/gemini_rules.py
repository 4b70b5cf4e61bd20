"""What the Gemini API refuses."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

from tests.fakes.vendor_server import Body, Refusal, signature

FIELDS = frozenset(
    "contents systemInstruction tools toolConfig generationConfig safetySettings cachedContent "
    "serviceTier labels".split()
)
GENERATION = frozenset(
    "maxOutputTokens temperature topP topK stopSequences candidateCount responseMimeType "
    "responseSchema responseJsonSchema thinkingConfig seed".split()
)
LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
FOREIGN = "skip_thought_signature_validator"

_DATA = ("text", "functionCall", "functionResponse")
_KEYWORDS = frozenset(
    "$id $defs $ref $anchor type format title description enum items prefixItems minItems "
    "maxItems minimum maximum anyOf oneOf properties additionalProperties required "
    "propertyOrdering".split()
)


_FREE = ("parametersJsonSchema", "responseJsonSchema", "args", "response")
"""What is inside these is the caller's own."""


def normal(data: Any) -> Any:
    """The body with every name in camel case; the API takes either, and the SDK sends both."""
    if isinstance(data, list):
        return [normal(each) for each in data]
    if not isinstance(data, dict):
        return data
    named = {re.sub(r"_([a-z])", lambda m: m[1].upper(), name): data[name] for name in data}
    return {name: each if name in _FREE else normal(each) for name, each in named.items()}


def check(body: Body) -> None:
    """Raises `Refusal` as the vendor would."""
    _known(body, FIELDS, "")
    for tool in body.get("tools", ()):
        _known(tool, frozenset(("functionDeclarations",)), "tools[0]")
        for declared in tool["functionDeclarations"]:
            known = frozenset(("name", "description", "parametersJsonSchema", "parameters"))
            _known(declared, known, "tools[0].function_declarations[0]")
            if "parametersJsonSchema" in declared:
                check_schema(declared["parametersJsonSchema"])
    _check_generation(body.get("generationConfig", {}), tools=bool(body.get("tools")))
    check_contents(body.get("contents", []))


def sign(part: Body) -> Body:
    """The part with this server's signature."""
    return {**part, "thoughtSignature": base64.b64encode(_seal(part)).decode()}


def _seal(part: Body) -> bytes:
    call = part.get("functionCall", {})
    shown = [part.get("text", ""), call.get("name", ""), call.get("args", {})]
    return signature(json.dumps(shown, sort_keys=True)).encode()


def check_contents(contents: list[Body]) -> None:
    """Roles, parts, signatures, and as many responses as there were calls."""
    if not contents:
        raise Refusal("* GenerateContentRequest.contents: contents is not specified")
    calls: list[Body] = []
    for content in contents:
        if content.get("role") not in ("user", "model"):
            raise Refusal("Please use a valid role: user, model.")
        if not content.get("parts"):
            raise Refusal(
                "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty."
            )
        for part in content["parts"]:
            _check_part(part)
        given = [p["functionResponse"] for p in content["parts"] if "functionResponse" in p]
        if (content["role"] == "user" and calls) or given:
            _check_responses(given, calls)
        calls = [p["functionCall"] for p in content["parts"] if "functionCall" in p]
    if calls:
        raise Refusal(
            "Please ensure that function call turn comes immediately before a response turn."
        )
    _check_signed(contents)


def _check_part(part: Body) -> None:
    _known(part, frozenset((*_DATA, "thought", "thoughtSignature")), "contents[0].parts[0]")
    if sum(name in part for name in _DATA) != 1:
        raise Refusal("contents.parts.data: required oneof field 'data' must have one initialized")
    given = part.get("thoughtSignature")
    if given is not None:
        sealed = base64.urlsafe_b64decode(given)
        if sealed not in (_seal(part), FOREIGN.encode()):
            raise Refusal("Corrupted thought signature.")


def _check_responses(given: list[Body], calls: list[Body]) -> None:
    if len(given) != len(calls):
        raise Refusal(
            "Please ensure that the number of function response parts is equal to the number of "
            "function call parts of the function call turn."
        )
    for response, call in zip(given, calls, strict=True):
        if response["name"] != call["name"] or response.get("id") != call.get("id"):
            raise Refusal(f"function response {response['name']!r} does not match its call")
        if not isinstance(response.get("response"), dict):
            raise Refusal("function_response.response: must be an object")


def _check_signed(contents: list[Body]) -> None:
    """The first call of each step of the current turn carries its signature."""
    asked = [
        at
        for at, content in enumerate(contents)
        if content["role"] == "user" and any("text" in part for part in content["parts"])
    ]
    for content in contents[asked[-1] if asked else 0 :]:
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and "thoughtSignature" not in calls[0]:
            name = calls[0]["functionCall"]["name"]
            raise Refusal(f"Function call `{name}` is missing a thought_signature")


def _check_generation(config: Body, *, tools: bool) -> None:
    _known(config, GENERATION, "generation_config")
    thinking = config.get("thinkingConfig", {})
    _known(thinking, frozenset(("thinkingLevel", "includeThoughts")), "thinking_config")
    if thinking.get("thinkingLevel", "HIGH") not in LEVELS:
        raise Refusal("Invalid value at 'generation_config.thinking_config.thinking_level'")
    if not 0 <= config.get("temperature", 1) <= 2:
        raise Refusal("temperature must be in the range [0.0, 2.0]")
    if config.get("responseMimeType") == "application/json" and tools:
        raise Refusal(
            "Function calling with a response mime type 'application/json' is unsupported"
        )
    if "responseJsonSchema" in config:
        check_schema(config["responseJsonSchema"])


def check_schema(schema: Any) -> None:
    """What the API takes of JSON Schema."""
    if not isinstance(schema, dict) or schema.keys() - _KEYWORDS:
        raise Refusal(f"Invalid JSON schema: {schema}")
    if "$ref" in schema and any(not name.startswith("$") for name in schema):
        raise Refusal("Invalid JSON schema: $ref with other members")
    if schema.get("type") == "object" and not (
        schema.get("properties") or schema.get("additionalProperties")
    ):
        raise Refusal("properties: should be non-empty for OBJECT type")
    if schema.get("type") == "array" and not {"items", "prefixItems"} & schema.keys():
        raise Refusal("items: missing field")
    parts: Iterable[Any] = (
        *schema.get("properties", {}).values(),
        *schema.get("$defs", {}).values(),
        *schema.get("anyOf", ()),
        *schema.get("prefixItems", ()),
        *(schema[name] for name in ("items",) if name in schema),
    )
    for each in parts:
        check_schema(each)


def _known(data: Body, names: frozenset[str], where: str) -> None:
    unknown = sorted(data.keys() - names)
    if unknown:
        raise Refusal(
            f"Invalid JSON payload received. Unknown name \"{unknown[0]}\" at '{where}': "
            "Cannot find field."
        )
