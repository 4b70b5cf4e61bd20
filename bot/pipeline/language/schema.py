"""The JSON Schema of the language, for editors; generated from the models, never by hand."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from pydantic import BaseModel

from bot.core.model import Record
from bot.pipeline.language.named_types import NAMED_TYPES, described
from bot.pipeline.language.spec import Workflow
from bot.pipeline.language.step_base import StepBase

Schema = dict[str, Any]

_CONDITION: Schema = {
    "description": "When it holds: an expression, or expressions joined by and, or, not.",
    "anyOf": [
        {"type": "string"},
        {"type": "boolean"},
        {"type": "null"},
        {"type": "array", "items": {"$ref": "#/$defs/Condition"}},
        {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {
                "and": {"type": "array", "items": {"$ref": "#/$defs/Condition"}},
                "or": {"type": "array", "items": {"$ref": "#/$defs/Condition"}},
                "not": {"$ref": "#/$defs/Condition"},
            },
        },
    ],
}
_CONDITION_KEYS = ("condition", "when", "break_condition", "continue_condition")
_ONE_GUARD = {"not": {"required": ["condition", "when"]}}
_FAMILIES = {"claude": "Step", "static": "Part", "filter": "Operation"}
"""A `type` or `operation` each, and the name of the family it belongs to."""


def json_schema() -> Schema:
    """The schema of a pipeline file: `workflow:`, or a bare list of steps."""
    # A workflow may hold a workflow, so pydantic puts it among the definitions by itself.
    definitions = Workflow.model_json_schema(ref_template="#/$defs/{model}")["$defs"]
    records = {record.__name__: record for record in _below(Record)}
    for name, definition in definitions.items():
        if name in records:
            _complete(definition, records[name])
    families: Schema = {}
    definitions = _with_families(definitions, families)
    definitions |= {**families, "Condition": _CONDITION, "OutputSchema": _output_schema()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Genesis pipeline",
        "if": {"type": "array"},
        "then": {"minItems": 1, "items": {"$ref": "#/$defs/Step"}},
        "else": {
            "type": "object",
            "required": ["workflow"],
            "additionalProperties": False,
            "properties": {"workflow": {"$ref": "#/$defs/Workflow"}},
        },
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The content of `pipelines/schema/pipeline.json`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _output_schema() -> Schema:
    """A JSON Schema or a name; the file's own types are names, too, so any name is taken."""
    named = {"type": "string", "examples": list(NAMED_TYPES)}
    what = "JSON Schema of the step's data, a type of this file, or one of these:\n" + described()
    return {"description": what, "anyOf": [{"type": "object"}, named, {"type": "null"}]}


def _complete(definition: Schema, record: type[Record]) -> None:
    """Adds what pydantic cannot see: the texts below fields, and what goes with what."""
    properties = definition.get("properties", {})
    texts = {name: text for one in reversed(record.__mro__) for name, text in _texts_of(one)}
    for name, field in record.model_fields.items():
        key = field.alias or name
        if key in _CONDITION_KEYS:
            properties[key] = {"$ref": "#/$defs/Condition"}
        if key == "output_schema":
            properties[key] = {"$ref": "#/$defs/OutputSchema"}
        properties[key].pop("title", None)
        if name in texts and key != "output_schema":
            properties[key]["description"] = texts[name]
    definition.pop("title", None)
    if "condition" in properties and "when" in properties and _guards(record):
        definition.setdefault("allOf", []).append(_ONE_GUARD)
    if issubclass(record, StepBase):
        guards = ["condition", "when"] if record.condition_guards else ["when"]
        wanted = {"anyOf": [{"required": [key]} for key in guards]}
        definition["dependentSchemas"] = {"else": wanted}


def _guards(record: type[Record]) -> bool:
    return not issubclass(record, StepBase) or record.condition_guards


def _texts_of(record: type) -> Iterator[tuple[str, str]]:
    """Field names with the text below them, as this very class writes them."""
    if not issubclass(record, BaseModel) or record in (BaseModel, Record):
        return
    body = ast.parse(dedent(inspect.getsource(record))).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield field.target.id, " ".join(text.value.split())


def _below(record: type[Record]) -> Iterator[type[Record]]:
    for one in record.__subclasses__():
        if one.__module__.startswith("bot.pipeline."):
            yield one
        yield from _below(one)


def _with_families(value: Any, families: Schema) -> Any:
    """Replaces each choice by `type` with a reference to one definition of it.

    Written with `if` and `then`, so that a validator looks into one branch, not into all: nested
    steps would cost it all of them at every level.
    """
    if isinstance(value, list):
        return [_with_families(item, families) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(chosen := value.get("discriminator"), dict):
        name = next(_FAMILIES[tag] for tag in _FAMILIES if tag in chosen["mapping"])
        families[name] = _family(chosen["propertyName"], chosen["mapping"])
        rest = {key: value[key] for key in value if key not in ("discriminator", "oneOf")}
        return {**rest, "$ref": f"#/$defs/{name}"}
    whole = {key: _with_families(item, families) for key, item in value.items()}
    if "patternProperties" in whole:
        # A map whose keys are names; pydantic says which are good, not that others are wrong.
        whole.setdefault("additionalProperties", False)
    if whole.get("type") == "array" and whole.get("items") == {"$ref": "#/$defs/Part"}:
        # A prompt: the least it may have is lost where it may be a text as well.
        whole["minItems"] = 1
    return whole


def _family(key: str, mapping: dict[str, str]) -> Schema:
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": sorted(mapping)}},
        "allOf": [
            {
                "if": {"required": [key], "properties": {key: {"const": tag}}},
                "then": {"$ref": reference},
            }
            for tag, reference in sorted(mapping.items())
        ],
    }
