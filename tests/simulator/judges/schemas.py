"""JSON Schema as OpenAPI writes it: made standard, and validators that are made once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

DROPPED = {"description", "example", "examples", "title", "nullable", "discriminator"}
"""Keywords that say nothing about validity (`nullable` does, and is put into the types)."""
LISTS = {"oneOf", "anyOf", "allOf"}
SINGLE = {"items", "additionalProperties", "not"}

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time")
def is_date_time(value: object) -> bool:
    """RFC 3339, with a time zone."""
    if not isinstance(value, str):
        return True
    pattern = r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    return re.fullmatch(pattern, value) is not None


@FORMATS.checks("date")
def is_date(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


@FORMATS.checks("uri")
def is_uri(value: object) -> bool:
    """Absolute, and without characters that must be escaped."""
    if not isinstance(value, str):
        return True
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not re.search(
        r'[\s<>"{}|\\^`]', value
    )


def standard(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as one of JSON Schema 2020-12; 3.1 is that already and only shrinks."""
    if isinstance(schema, list):
        return [standard(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    if "oneOf" in schema:
        # GitHub's alternatives overlap (its own errors fit two of them), so "exactly one" is out.
        schema = {"anyOf": schema["oneOf"], **{k: v for k, v in schema.items() if k != "oneOf"}}
    made = {key: _standard_keyword(key, value) for key, value in schema.items()}
    made = {key: value for key, value in made.items() if key not in DROPPED}
    return _nullable(made) if schema.get("nullable") else made


def _standard_keyword(key: str, value: Any) -> Any:
    if key in ("properties", "patternProperties"):
        return {name: standard(inner) for name, inner in value.items()}
    return standard(value) if key in LISTS | SINGLE else value


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str) and not LISTS & schema.keys():
        enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        return schema | {"type": [schema["type"], "null"]} | enum
    return {"anyOf": [{"type": "null"}, schema]}


class Library:
    """The named schemas of a description (`#/components/schemas/...`) and validators over them."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._components = {"components": {"schemas": schemas}}
        self._validators: dict[str, Validator] = {}

    def problems(self, key: str, schema: Any, instance: Any) -> Iterator[str]:
        """`/where: what` for each violation; `key` names the schema, its validator is kept."""
        validator = self._validators.get(key)
        if validator is None:
            whole = {**schema, **self._components}
            validator = Draft202012Validator(whole, format_checker=FORMATS)
            self._validators[key] = validator
        for error in validator.iter_errors(instance):
            yield explained(error)

    def known_keys(self, schema: Any) -> set[str] | None:
        """Top-level keys that the schema names; None if it names none."""
        schema = self.resolved(schema)
        names = set(schema.get("properties", {}))
        for keyword in LISTS:
            for part in schema.get(keyword, ()):
                names |= self.known_keys(part) or set()
        return names or None

    def resolved(self, schema: Any) -> Any:
        while "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self._components["components"]["schemas"][name]
        return schema


def explained(error: ValidationError) -> str:
    """Where and what; of alternatives, what keeps the nearest one from fitting."""
    where = "/".join(["", *(str(part) for part in error.absolute_path)]) or "/"
    if nearest := _nearest(error):
        return f"{where}: fits no {error.validator} alternative; nearest: {explained(nearest)}"
    return f"{where}: {_shortened(error.message)}"


def _nearest(error: ValidationError) -> ValidationError | None:
    """The first error of the alternative with the fewest, those of another type coming last."""
    alternatives: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        alternatives.setdefault(inner.schema_path[0], []).append(inner)
    if not alternatives:
        return None
    return min(alternatives.values(), key=lambda each: (_is_other_type(each[0]), len(each)))[0]


def _is_other_type(error: ValidationError) -> bool:
    return error.validator == "type" and not error.path


def _shortened(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:100]} … {message[-90:]}"
