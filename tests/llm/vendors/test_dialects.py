"""Schemas in the vendors' dialects: never refused, never narrower than a valid reply allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from jsonschema import Draft202012Validator

from bot.llm.vendors.dialects import CLAUDE, GEMINI, Dialect, in_words, narrowed
from tests.fakes.anthropic_rules import check_schema as check_claude
from tests.fakes.gemini_rules import check_schema as check_gemini

BOTH = pytest.mark.parametrize("dialect", [CLAUDE, GEMINI], ids=["claude", "gemini"])
TEXT = {"type": "string"}


def test_limits_a_vendor_does_not_enforce_are_said() -> None:
    schema = {
        "type": "object",
        "title": "Answer",
        "properties": {
            "names": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 5},
            "when": {"type": "string", "format": "date-time", "description": "The start."},
            "mail": {"type": "string", "format": "email", "maxLength": 80},
            "n": {"type": ["integer", "null"], "minimum": 0, "description": "How many."},
            "kind": {"enum": ["a", "b"], "default": "a"},
            "one": {"const": 1},
        },
        "required": ["names"],
    }
    assert narrowed(schema, CLAUDE) == snapshot(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "names": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "(minItems: 1, maxItems: 5)",
                },
                "when": {"type": "string", "format": "date-time", "description": "The start."},
                "mail": {"type": "string", "format": "email", "description": "(maxLength: 80)"},
                "n": {
                    "anyOf": [
                        {"type": "integer", "description": "(minimum: 0)"},
                        {"type": "null"},
                    ],
                    "description": "How many.",
                },
                "kind": {"type": "string", "enum": ["a", "b"]},
                "one": {"type": "integer", "description": "(one of [1])"},
            },
            "required": ["names"],
        }
    )
    assert narrowed(schema, GEMINI) == snapshot(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "names": {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "maxItems": 5,
                },
                "when": {"type": "string", "format": "date-time", "description": "The start."},
                "mail": {"type": "string", "description": '(maxLength: 80, format: "email")'},
                "n": {
                    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}],
                    "description": "How many.",
                },
                "kind": {"type": "string", "enum": ["a", "b"]},
                "one": {"type": "integer", "description": "(one of [1])"},
            },
            "required": ["names"],
        }
    )


def test_definitions_keep_their_names() -> None:
    schema = {
        "definitions": {"Name": TEXT},
        "$defs": {"Who": {"type": "object", "properties": {"n": {"$ref": "#/definitions/Name"}}}},
        "type": "array",
        "items": {"$ref": "#/$defs/Who", "description": "left out: nothing may stand beside"},
    }
    assert narrowed(schema, CLAUDE) == snapshot(
        {
            "type": "array",
            "items": {"$ref": "#/$defs/Who"},
            "$defs": {
                "Name": {"type": "string"},
                "Who": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"n": {"$ref": "#/$defs/Name"}},
                    "required": [],
                },
            },
        }
    )


def test_one_of_all_is_that_one_and_one_of_several_is_any() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"allOf": [TEXT], "description": "A name."},
            "b": {"oneOf": [TEXT, {"type": "null"}]},
        },
    }
    assert narrowed(schema, GEMINI) == snapshot(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "a": {"type": "string", "description": "A name."},
                "b": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": [],
        }
    )


def test_conditions_beside_members_are_left_to_validation() -> None:
    schema = {
        "type": "object",
        "properties": {"a": TEXT, "b": TEXT},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    }
    form = narrowed(schema, CLAUDE)
    assert form is not None
    assert form["required"] == []
    assert "anyOf" not in form


@BOTH
@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "object", "additionalProperties": True},
        {"type": "array"},
        {"type": "array", "items": {}},
        {"type": "array", "items": True},
        {"allOf": [TEXT, {"maxLength": 3}]},
        {"enum": ["a", 1]},
        {"enum": [{"a": 1}]},
        {"$ref": "#/properties/a"},
        {"$ref": "https://example.invalid/schema"},
        {"$ref": "#/$defs/Missing", "$defs": {}},
        {"$defs": {"A": {"$ref": "#/$defs/B"}}, "type": "string"},
        {
            "$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
            "$ref": "#/$defs/Tree",
        },
    ],
)
def test_what_no_dialect_has_a_form_for(schema: dict[str, Any], dialect: Dialect) -> None:
    assert narrowed(schema, dialect) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object", "properties": {"a": TEXT}, "additionalProperties": TEXT},
        {"type": "array", "prefixItems": [TEXT, {"type": "integer"}], "items": False},
        {"type": "object", "properties": {f"m{n}": TEXT for n in range(25)}},
        {
            "type": "object",
            "properties": {f"m{n}": {"type": ["string", "null"]} for n in range(17)},
            "required": [f"m{n}" for n in range(17)],
        },
    ],
)
def test_what_only_gemini_has_a_form_for(schema: dict[str, Any]) -> None:
    assert narrowed(schema, CLAUDE) is None
    assert narrowed(schema, GEMINI) is not None


def test_words_hold_the_whole_schema() -> None:
    assert in_words({"b": 1, "a": "ü"}) == snapshot("""\
Answer with one JSON value and nothing around it. It must satisfy this JSON Schema:
{"a": "ü", "b": 1}\
""")


NAMES = st.sampled_from(["a", "b", "items", "$ref", "type"])
LEAVES = st.sampled_from(
    [
        {},
        True,
        TEXT,
        {"type": "integer", "minimum": 1, "exclusiveMaximum": 5},
        {"type": ["string", "null"], "pattern": "^x"},
        {"enum": ["x", "y"]},
        {"const": None},
        {"enum": [1, 2]},
        {"type": "string", "format": "date"},
        {"$ref": "#/$defs/a"},
        {"$ref": "#/$defs/zzz"},
    ]
)


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    members = st.dictionaries(NAMES, inner, max_size=3)
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": members},
        optional={"required": st.lists(NAMES, max_size=2), "additionalProperties": inner},
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner}, optional={"minItems": st.integers(0, 3)}
    )
    unions = st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)})
    return objects | arrays | unions


SCHEMAS = st.recursive(LEAVES, schemas, max_leaves=8).filter(lambda s: isinstance(s, Mapping))


@given(SCHEMAS, st.dictionaries(NAMES, SCHEMAS, max_size=2))
def test_vendors_take_every_schema_they_are_sent(schema: Any, definitions: Any) -> None:
    whole = {**schema, "$defs": definitions}
    for dialect, check in ((CLAUDE, check_claude), (GEMINI, check_gemini)):
        form = narrowed(whole, dialect)
        if form is not None:
            check(form)
            Draft202012Validator.check_schema(form)


VALUES = st.recursive(
    st.sampled_from([None, "x", "y", "xy", 0, 1, 2, 4, "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def closed(schema: Any) -> Any:
    """The schema with every object closed to members it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {"additionalProperties": False} if schema.get("type") == "object" else {}
    return {name: closed(each) for name, each in schema.items()} | shut


@given(SCHEMAS.map(closed), VALUES)
def test_a_narrowed_schema_rules_out_no_valid_reply(schema: Any, value: Any) -> None:
    forms = [narrowed(schema, dialect) for dialect in (CLAUDE, GEMINI)]
    if any(forms) and Draft202012Validator(schema).is_valid(value):
        assert all(form is None or Draft202012Validator(form).is_valid(value) for form in forms)
