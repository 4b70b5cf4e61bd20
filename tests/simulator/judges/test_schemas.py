"""OpenAPI's dialect becomes standard JSON Schema, and formats are held to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.judges.schemas import Library, is_date_time, is_uri, standard


def problems(schema: Any, instance: Any, named: Any = None) -> list[str]:
    return list(Library(named or {}).problems("it", standard(schema), instance))


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True}, [None, "x"], [1]),
        ({"type": "string"}, ["x"], [None]),
        ({"type": "string", "enum": ["a"], "nullable": True}, [None, "a"], ["b"]),
        ({"nullable": True, "oneOf": [{"type": "integer"}]}, [None, 1], ["x"]),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, [1, 1.5], ["x"]),
        ({"type": "object", "properties": {"title": {"type": "string"}}}, [{}], [{"title": 1}]),
        ({"type": "string", "format": "date-time"}, ["2026-11-25T20:00:00Z"], ["yesterday"]),
        ({"type": "string", "format": "uri"}, ["https://a.example/b"], ["/b", "", "a b"]),
        ({"type": "object", "required": ["nullable"]}, [{"nullable": 1}], [{}]),
    ],
)
def test_a_schema_of_openapi(schema: Any, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if problems(schema, value)] == []
    assert [value for value in bad if not problems(schema, value)] == []


def test_a_property_named_like_a_keyword_is_kept() -> None:
    schema = {"properties": {"description": {"type": "string", "description": "prose"}}}
    assert standard(schema) == {"properties": {"description": {"type": "string"}}}


def test_a_problem_says_where_and_what() -> None:
    schema = {"properties": {"user": {"$ref": "#/components/schemas/user"}}}
    named = {"user": {"type": "object", "required": ["login"]}}
    found = problems(schema, {"user": {}}, named)
    assert found == ["/user: 'login' is a required property"]


def test_of_alternatives_the_nearest_is_explained() -> None:
    schema = {"anyOf": [{"type": "object", "required": ["login"]}, {"type": "null"}]}
    [problem] = problems(schema, {})
    assert "'login' is a required property" in problem


def test_known_keys_of_alternatives_are_joined() -> None:
    named = {"a": {"properties": {"x": {}}}, "b": {"allOf": [{"$ref": "#/components/schemas/a"}]}}
    library = Library(named)
    schema = {"oneOf": [{"$ref": "#/components/schemas/b"}, {"properties": {"y": {}}}]}
    assert library.known_keys(schema) == {"x", "y"}
    assert library.known_keys({"type": "object"}) is None


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1000, 1, 1)))
def test_every_time_that_python_writes_is_one(moment: datetime) -> None:
    assert is_date_time(moment.isoformat())
    assert not is_date_time(moment.replace(tzinfo=None).isoformat())
    assert not is_date_time(moment.isoformat(sep=" "))


@given(st.text())
def test_no_text_breaks_the_formats(text: str) -> None:
    assert is_date_time(text) in (True, False)
    assert not (is_uri(text) and " " in text)
