from __future__ import annotations

from typing import Any

import pytest

from bot.llm.schemas import FORMATS, schema_error
from bot.llm.structured import violations


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {"$ref": {"type": "string"}, "requierd": {}}},
        {"properties": {"a": True}, "additionalProperties": False},
        {"$defs": {"a/b": {"type": "integer"}}, "$ref": "#/$defs/a~1b"},
        {"$ref": "#"},
        {"x-note": "ours", "title": "t", "default": {"requierd": 1}, "enum": [{"requierd": 1}]},
        {"if": {"const": 1}, "then": {"type": "integer"}, "else": {"not": {}}},
        {"prefixItems": [{"type": "string"}], "items": False, "contains": {}, "minContains": 1},
        {"type": "string", "format": "date-time"},
    ],
)
def test_good_schemas(schema: Any) -> None:
    assert schema_error(schema) == ""


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "objekt"}, "$.type: 'objekt' is not valid"),
        ({"requierd": []}, "$: 'requierd' is no keyword of JSON Schema; did you mean 'required'?"),
        ({"name": "string"}, "fields of an object stand below 'properties'"),
        ({"properties": {"a": {"itms": {}}}}, "$.properties.a: 'itms' is no keyword"),
        ({"anyOf": [{}, {"typ": "x"}]}, "$.anyOf[1]: 'typ' is no keyword"),
        ({"items": {"$ref": "#/$defs/a"}}, "$.items: $ref '#/$defs/a' leads nowhere"),
        ({"$ref": "http://x/y"}, "leaves the schema"),
        ({"$id": "http://x/"}, "'$id' is no keyword"),
        ({"$dynamicRef": "#a"}, "is no keyword"),
        ({"format": "hostnam"}, "format 'hostnam' cannot be checked; there are: date"),
        ({"properties": []}, "$.properties"),
    ],
)
def test_what_a_schema_cannot_mean_is_said(schema: Any, said: str) -> None:
    assert said in schema_error(schema)


def test_a_schema_nested_without_end_is_refused() -> None:
    schema: Any = {}
    for _ in range(5000):
        schema = {"not": schema}
    assert "nested too deeply" in schema_error(schema)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T10:00:00Z", "2026-02-28"),
        ("date-time", "2026-02-28T10:00:00+02:00", "2026-02-28T10:00:00"),
        ("time", "10:00:00Z", "25:00:00Z"),
        ("uri", "https://x/y", "x y"),
        ("email", "a@b.c", "ab"),
        ("ipv4", "1.2.3.4", "1.2.3"),
        ("ipv6", "::1", "1"),
        ("uuid", "12345678-1234-1234-1234-123456789abc", "x"),
        ("regex", "a+", "("),
    ],
)
def test_every_format_is_checked(name: str, good: str, bad: str) -> None:
    schema = {"format": name}
    assert violations(good, schema) == ()
    assert violations(bad, schema)
    assert violations(3, schema) == ()
    assert name in FORMATS.checkers
