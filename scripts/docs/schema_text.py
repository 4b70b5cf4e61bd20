"""JSON Schema, said in words: types, choices, bounds, defaults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.core.render.markdown import code

Schema = Mapping[str, Any]
Link = Callable[[str], str]
"""From the name of a definition to what is shown for it."""

RANGES = (
    ("minimum", "maximum", "", ""),
    ("minLength", "maxLength", " character", " characters"),
    ("minItems", "maxItems", " entry", " entries"),
    ("minProperties", "maxProperties", " entry", " entries"),
)
"""Keys of both ends, and what is counted, one and many."""
TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "null": "`null`",
    "object": "a map",
    "array": "a list",
}


def kind(schema: Schema, link: Link) -> str:
    """What may stand there."""
    if "$ref" in schema:
        return link(schema["$ref"].rsplit("/", 1)[1])
    if "const" in schema:
        return _written(schema["const"])
    if "enum" in schema:
        return ", ".join(map(_written, schema["enum"]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(kind(one, link) for one in schema[key]))
    whole = ", ".join([TYPES.get(str(schema.get("type")), "anything"), *_bounds(schema)])
    return whole + _inside(schema, link)


def default(schema: Schema) -> str:
    """As it would be written in YAML's flow style; empty where there is none to speak of."""
    if schema.get("default") in (None, "", [], {}):
        return ""
    return _written(schema["default"])


def _written(value: Any) -> str:
    return code(value if value and isinstance(value, str) else json.dumps(value))


def _inside(schema: Schema, link: Link) -> str:
    """What is in a list or a map."""
    if schema.get("type") == "array" and schema.get("items"):
        return f"; each: {kind(schema['items'], link)}"
    named = [*schema.get("patternProperties", {}).values()]
    values = named or [schema.get("additionalProperties")]
    shown = [kind(value, link) for value in values if isinstance(value, Mapping) and value]
    return f"; each value: {shown[0]}" if shown else ""


def _bounds(schema: Schema) -> Iterator[str]:
    if "exclusiveMinimum" in schema:
        yield f"more than {schema['exclusiveMinimum']}"
    for low, high, one, many in RANGES:
        least, most = schema.get(low), schema.get(high)
        if least is not None and most is not None:
            yield f"{least} to {most}{many}"
        elif least is not None:
            yield f"at least {least}{one if least == 1 else many}"
        elif most is not None:
            yield f"at most {most}{one if most == 1 else many}"
