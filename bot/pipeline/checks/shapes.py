"""What is known, before a run, of the data there will be: shapes that say which fields exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

Key = str | int
Schema = Mapping[str, Any]


class NoField(Exception):
    """There is certainly nothing under this key."""

    def __init__(self, known: Iterable[str] = (), *, is_map: bool = True) -> None:
        super().__init__()
        self.known = tuple(known)
        self.is_map = is_map


class Shape:
    """Anything at all; the others know more."""

    def child(self, key: Key) -> Shape:
        """The shape under a key; raises `NoField` where there can be none."""
        return ANYTHING

    def values(self) -> tuple[Any, ...] | None:
        """The only values it can have, where they are known."""
        return None

    def items(self) -> Shape:
        """The shape of its items, if it is a list."""
        return ANYTHING

    def kind(self) -> str:
        """What it certainly is, such as `a list`; empty where it may be this or that."""
        return ""


ANYTHING = Shape()


@dataclass(frozen=True)
class Fields(Shape):
    """A map with these keys and no others."""

    known: Mapping[str, Shape]

    def child(self, key: Key) -> Shape:
        if str(key) not in self.known:
            raise NoField(self.known)
        return self.known[str(key)]

    def kind(self) -> str:
        return "a map"


@dataclass(frozen=True)
class ListOf(Shape):
    """A list of things that are alike."""

    item: Shape = ANYTHING

    def child(self, key: Key) -> Shape:
        if isinstance(key, str):
            raise NoField(is_map=False)
        return self.item

    def items(self) -> Shape:
        return self.item

    def kind(self) -> str:
        return "a list"


@dataclass(frozen=True)
class Either(Shape):
    """The fields of the first shape, then those of the second: a step's data, then how it ended."""

    first: Shape
    second: Fields

    def child(self, key: Key) -> Shape:
        try:
            return self.first.child(key)
        except NoField as lack:
            if str(key) in self.second.known:
                return self.second.known[str(key)]
            raise NoField((*lack.known, *self.second.known)) from None

    def kind(self) -> str:
        return "a map"


@dataclass(frozen=True)
class Described(Shape):
    """What a JSON Schema describes. `properties` are taken to be all unless it says otherwise."""

    schema: Schema
    root: Schema = field(default_factory=dict)

    def child(self, key: Key) -> Shape:
        schema = self._resolved()
        if schema is None or not _is_plain(schema):
            return ANYTHING
        if isinstance(key, int):
            return self.items()
        properties = schema.get("properties", {})
        if key in properties:
            return self._inner(properties[key])
        if not _may_be(schema, "object"):
            raise NoField(is_map=False)
        rest = schema.get("additionalProperties")
        if "patternProperties" in schema or rest is True:
            return ANYTHING
        if isinstance(rest, Mapping):
            return self._inner(rest)
        if rest is False or properties:
            raise NoField(properties)
        return ANYTHING

    def values(self) -> tuple[Any, ...] | None:
        schema = self._resolved()
        if schema is None or not _is_plain(schema):
            return None
        if "const" in schema:
            return (schema["const"],)
        if isinstance(listed := schema.get("enum"), list):
            return tuple(listed)
        return (True, False) if schema.get("type") == "boolean" else None

    def items(self) -> Shape:
        schema = self._resolved()
        if schema is None or not _is_plain(schema) or "prefixItems" in schema:
            return ANYTHING
        return self._inner(schema.get("items", {}))

    def kind(self) -> str:
        schema = self._resolved()
        kind = schema.get("type") if schema is not None and _is_plain(schema) else None
        return _KINDS.get(kind, "") if isinstance(kind, str) else ""

    def _inner(self, schema: Any) -> Shape:
        return (
            Described(schema, self.root or self.schema) if isinstance(schema, Mapping) else ANYTHING
        )

    def _resolved(self) -> Schema | None:
        """The schema itself, references followed; None where they lead nowhere known."""
        schema, root = self.schema, self.root or self.schema
        for _ in range(20):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            found: Any = root
            for key in reference.removeprefix("#").strip("/").split("/"):
                found = found.get(key) if isinstance(found, Mapping) and key else found
            if not reference.startswith("#") or not isinstance(found, Mapping):
                return None
            schema = found
        return None


_KINDS = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a number",
    "number": "a number",
    "boolean": "a boolean",
    "null": "null",
}
_COMPOUND = frozenset({"anyOf", "oneOf", "allOf", "not", "if", "dependentSchemas", "$dynamicRef"})


def _is_plain(schema: Schema) -> bool:
    return _COMPOUND.isdisjoint(schema)


def _may_be(schema: Schema, kind: str) -> bool:
    wanted = schema.get("type", kind)
    return kind in wanted if isinstance(wanted, list) else bool(wanted == kind)


@lru_cache(maxsize=64)
def of_record(model: type[BaseModel]) -> Shape:
    """The shape of a record's JSON form."""
    return Described(model.model_json_schema())


def named(names: Iterable[str]) -> dict[str, Shape]:
    """These names, with anything under them."""
    return dict.fromkeys(names, ANYTHING)


OUTCOMES = ("succeeded", "failed", "skipped")

GENERAL = Fields(
    {
        **named(("text", "data", "result", "error")),
        "outcome": Described({"enum": list(OUTCOMES)}),
        "success": Described({"type": "boolean"}),
    }
)
"""How every step ended, whatever its data."""
