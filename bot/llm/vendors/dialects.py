"""What the vendors take of JSON Schema: the rest is left out, or said in words.

A narrowed schema may allow more than the original, as replies are validated again, but it never
rules out every valid reply. Where it would have to, `None` says so and the prompt asks in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.llm.types import Json

MAX_OPTIONAL = 24
MAX_UNIONS = 16
"""Claude compiles schemas to grammars and refuses those with more optional members or unions."""


@dataclass(frozen=True)
class Dialect:
    """Which keywords a vendor reads as JSON Schema means them."""

    kept: frozenset[str]
    """Limits it enforces; others become part of the description."""
    formats: frozenset[str]
    open_maps: bool
    """Objects whose member names are not known beforehand."""
    tuples: bool
    max_optional: int | None = None
    max_unions: int | None = None


CLAUDE = Dialect(
    kept=frozenset(),
    formats=frozenset(
        "date-time time date duration email hostname uri ipv4 ipv6 uuid".split(),
    ),
    open_maps=False,
    tuples=False,
    max_optional=MAX_OPTIONAL,
    max_unions=MAX_UNIONS,
)
GEMINI = Dialect(
    kept=frozenset("minItems maxItems minimum maximum".split()),
    formats=frozenset("date-time date time".split()),
    open_maps=True,
    tuples=True,
)

_LIMITS = (
    "minItems maxItems uniqueItems minLength maxLength pattern format minimum maximum "
    "exclusiveMinimum exclusiveMaximum multipleOf minProperties maxProperties"
).split()
_STRUCTURE = ("properties", "items", "prefixItems", "additionalProperties")
_REFERENCES = ("#/$defs/", "#/definitions/")


class _Inexpressible(Exception):
    """The dialect has no form for this."""


def narrowed(schema: Mapping[str, Json], dialect: Dialect) -> dict[str, Json] | None:
    """The schema in a vendor's dialect, or None when no valid reply would be sure to fit."""
    try:
        definitions = {**schema.get("definitions", {}), **schema.get("$defs", {})}
        _require_finite(definitions, set(_references(schema)))
        narrow = _Narrowing(dialect)
        result = narrow.schema(schema)
        if definitions:
            result["$defs"] = {name: narrow.schema(each) for name, each in definitions.items()}
        _require_simple(result, dialect)
    except _Inexpressible:
        return None
    return result


def in_words(schema: Mapping[str, Json]) -> str:
    """What to ask for where the vendor cannot hold the model to the schema."""
    text = json.dumps(dict(schema), ensure_ascii=False, sort_keys=True)
    return (
        "Answer with one JSON value and nothing around it. It must satisfy this JSON Schema:\n"
        + text
    )


@dataclass(frozen=True)
class _Narrowing:
    dialect: Dialect

    def schema(self, schema: Any) -> dict[str, Json]:
        if not isinstance(schema, Mapping):
            raise _Inexpressible  # true and false are schemas, but of anything and nothing
        if "$ref" in schema:
            return {"$ref": f"#/$defs/{_target(schema['$ref'])}"}
        variants = schema.get("anyOf") or schema.get("oneOf")
        if variants and not any(key in schema for key in _STRUCTURE):
            return self._described({"anyOf": [self.schema(each) for each in variants]}, schema)
        if "allOf" in schema and not any(key in schema for key in _STRUCTURE):
            return self._only_one_of_all(schema)
        if "const" in schema or "enum" in schema:
            return self._literals(schema)
        return self._typed(schema)

    def _only_one_of_all(self, schema: Mapping[str, Json]) -> dict[str, Json]:
        if len(schema["allOf"]) != 1:
            raise _Inexpressible
        return self._described(self.schema(schema["allOf"][0]), schema)

    def _literals(self, schema: Mapping[str, Json]) -> dict[str, Json]:
        values = [schema["const"]] if "const" in schema else list(schema["enum"])
        if all(isinstance(value, str) for value in values):
            return self._described({"type": "string", "enum": values}, schema)
        kinds = {_kind(value) for value in values}
        if len(kinds) != 1:
            raise _Inexpressible
        note = f"one of {json.dumps(values)}"
        return self._described({"type": kinds.pop()}, schema, note)

    def _typed(self, schema: Mapping[str, Json]) -> dict[str, Json]:
        kind = schema.get("type") or _implied(schema)
        if isinstance(kind, list | tuple):
            each = [self._typed({**_bare(schema), "type": one}) for one in kind]
            return self._described({"anyOf": each}, schema)
        if kind == "null":
            return self._described({"type": kind}, schema)
        result: dict[str, Json] = {"type": kind}
        if kind == "object":
            result |= self._members(schema)
        elif kind == "array":
            result |= self._items(schema)
        return self._limited(result, schema)

    def _members(self, schema: Mapping[str, Json]) -> dict[str, Json]:
        named = schema.get("properties", {})
        others = schema.get("additionalProperties", not named)
        result: dict[str, Json] = {"additionalProperties": False}
        if isinstance(others, Mapping) and self.dialect.open_maps:
            result["additionalProperties"] = self.schema(others)
        elif isinstance(others, Mapping) or (others and not named) or not named:
            raise _Inexpressible
        if named:
            result["properties"] = {name: self.schema(each) for name, each in named.items()}
            result["required"] = [name for name in schema.get("required", ()) if name in named]
        return result

    def _items(self, schema: Mapping[str, Json]) -> dict[str, Json]:
        result: dict[str, Json] = {}
        if "prefixItems" in schema:
            if not self.dialect.tuples:
                raise _Inexpressible
            result["prefixItems"] = [self.schema(each) for each in schema["prefixItems"]]
        if "items" in schema and schema["items"] is not False:
            result["items"] = self.schema(schema["items"])
        if not result:
            raise _Inexpressible
        return result

    def _limited(self, result: dict[str, Json], schema: Mapping[str, Json]) -> dict[str, Json]:
        said = []
        for limit in (name for name in _LIMITS if name in schema):
            if limit in self.dialect.kept or (
                limit == "format" and schema[limit] in self.dialect.formats
            ):
                result[limit] = schema[limit]
            else:
                said.append(f"{limit}: {json.dumps(schema[limit])}")
        return self._described(result, schema, ", ".join(said))

    def _described(
        self, result: dict[str, Json], schema: Mapping[str, Json], note: str = ""
    ) -> dict[str, Json]:
        own = schema.get("description", result.get("description", ""))
        text = " ".join(filter(None, (own, f"({note})" if note else "")))
        if text and "$ref" not in result:
            result["description"] = text
        return result


def _implied(schema: Mapping[str, Json]) -> str:
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    raise _Inexpressible


def _bare(schema: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in schema.items() if name != "description"}


def _kind(value: Json) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", type(None): "null"}
    if type(value) not in kinds:
        raise _Inexpressible
    return kinds[type(value)]


def _target(reference: str) -> str:
    for prefix in _REFERENCES:
        name = reference.removeprefix(prefix)
        if name != reference and "/" not in name:
            return name
    raise _Inexpressible


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield _target(value["$ref"])
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _references(each)


def _require_finite(definitions: Mapping[str, Json], used: set[str]) -> None:
    """Every type is defined, and none contains itself: neither vendor takes that without limit."""
    uses = {name: set(_references(each)) for name, each in definitions.items()}
    if not used.union(*uses.values()) <= uses.keys():
        raise _Inexpressible
    while leaves := {name for name, needed in uses.items() if not needed & uses.keys()}:
        uses = {name: needed for name, needed in uses.items() if name not in leaves}
    if uses:
        raise _Inexpressible


def _require_simple(result: Json, dialect: Dialect) -> None:
    if dialect.max_optional is None or dialect.max_unions is None:
        return
    parts = list(_parts(result))
    optional = sum(len(p["properties"]) - len(p["required"]) for p in parts if "properties" in p)
    if optional > dialect.max_optional or sum("anyOf" in p for p in parts) > dialect.max_unions:
        raise _Inexpressible


def _parts(schema: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    yield schema
    for name in ("properties", "$defs"):
        for each in schema.get(name, {}).values():
            yield from _parts(each)
    for each in (*schema.get("anyOf", ()), *schema.get("prefixItems", ())):
        yield from _parts(each)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), Mapping):
            yield from _parts(schema[name])
