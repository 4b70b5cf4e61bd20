"""Whether a JSON Schema that a person wrote says what they meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from difflib import get_close_matches
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError

from bot.llm.types import Json

_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
"""Keywords that hold schemas by name."""
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = (
    "items additionalProperties not if then else contains propertyNames unevaluatedItems "
    "unevaluatedProperties"
).split()
_KEYWORDS = {*Draft202012Validator.VALIDATORS} - {"$dynamicRef"} | frozenset(
    "title description default examples deprecated readOnly writeOnly $schema $comment "
    "contentEncoding contentMediaType minContains maxContains then else definitions $defs".split()
)

FORMATS = FormatChecker(("date", "email", "ipv4", "ipv6", "uuid", "regex"))
"""The values of `format` that are checked; others are refused, not ignored."""


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    """As RFC 3339 has it: a date, `T`, a time and its offset."""
    if not isinstance(value, str):
        return True
    return value[10:11] in ("T", "t") and datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or time.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri", raises=ValueError)
def _is_address(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(urlsplit(value).scheme) and value.isprintable() and " " not in value


def schema_error(schema: Mapping[str, Json]) -> str:
    """Why `schema` is no usable JSON Schema, or an empty string.

    Unknown keywords are refused, although the standard ignores them: a misspelt one would ask for
    nothing. So are references that lead nowhere or outside.
    """
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"
    except RecursionError:
        return "$: nested too deeply"
    for place, part in _parts(schema, "$"):
        found = (_unknown_keyword(part), _unchecked_format(part), _bad_reference(part, schema))
        if wrong := next(filter(None, found), ""):
            return f"{place}: {wrong}"
    return ""


def _parts(schema: Json, place: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Every schema in a schema, with its place; `true` and `false` have nothing to look at."""
    if not isinstance(schema, Mapping):
        return
    yield place, schema
    for keyword in _NAMED:
        for name, part in _map(schema.get(keyword)).items():
            yield from _parts(part, f"{place}.{keyword}.{name}")
    for keyword in _LISTED:
        for index, part in enumerate(schema.get(keyword) or ()):
            yield from _parts(part, f"{place}.{keyword}[{index}]")
    for keyword in _SINGLE:
        yield from _parts(schema.get(keyword), f"{place}.{keyword}")


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _unknown_keyword(schema: Mapping[str, Json]) -> str:
    for keyword in schema:
        if keyword not in _KEYWORDS and not keyword.startswith("x-"):
            near = get_close_matches(keyword, _KEYWORDS, 1)
            hint = (
                f"did you mean {near[0]!r}?"
                if near
                else "fields of an object stand below 'properties'"
            )
            return f"{keyword!r} is no keyword of JSON Schema; {hint}"
    return ""


def _unchecked_format(schema: Mapping[str, Json]) -> str:
    name = schema.get("format")
    if name is None or name in FORMATS.checkers:
        return ""
    return f"format {name!r} cannot be checked; there are: {', '.join(sorted(FORMATS.checkers))}"


def _bad_reference(schema: Mapping[str, Json], root: Mapping[str, Json]) -> str:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return ""
    if not reference.startswith("#"):
        return f"$ref {reference!r} leaves the schema; only '#/...' is allowed"
    target: Json = root
    for piece in reference.removeprefix("#").split("/")[1:]:
        key = piece.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, Mapping) or key not in target:
            return f"$ref {reference!r} leads nowhere"
        target = target[key]
    return ""
