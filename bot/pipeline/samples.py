"""Stand-ins for what is not known before a run: the smallest value a JSON Schema allows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

DEEPEST = 12
UNKNOWN = "[not known yet]"
"""Stands for a text."""

_PLAIN: Mapping[str, Any] = {
    "string": UNKNOWN,
    "integer": 1,
    "number": 1,
    "boolean": True,
    "null": None,
}


def sample(schema: Mapping[str, Any] | None) -> Any:
    """A value of the schema's form; texts say that they are not known, lists have one item."""
    return _sample(schema or {}, schema or {}, 0)


def _sample(schema: Any, root: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    if "$ref" in schema:
        return _sample(_target(str(schema["$ref"]), root), root, depth + 1)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _sample(schema[key][0], root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        inner = schema.get("properties", {})
        return {name: _sample(part, root, depth + 1) for name, part in inner.items()}
    if kind == "array":
        return [_sample(schema.get("items", {}), root, depth + 1)]
    return _bounded(kind, schema)


def _bounded(kind: str, schema: Mapping[str, Any]) -> Any:
    if kind in ("integer", "number"):
        return min(max(1, schema.get("minimum", 1)), schema.get("maximum", math.inf))
    if kind == "string":
        return UNKNOWN.ljust(int(schema.get("minLength", 0)), ".")
    return _PLAIN.get(kind)


def _target(reference: str, root: Mapping[str, Any]) -> Any:
    found: Any = root
    for piece in reference.removeprefix("#/").split("/"):
        found = found.get(piece) if isinstance(found, Mapping) else None
    return found
