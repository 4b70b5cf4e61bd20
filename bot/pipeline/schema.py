"""The JSON Schema of the language, for editors; generated from the models, never by hand."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from bot.pipeline.named_types import NAMED_TYPES, described
from bot.pipeline.spec import Step, Workflow

_CONDITION: dict[str, Any] = {
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
    ]
}
_CONDITION_KEYS = ("condition", "when", "break_condition", "continue_condition")


def json_schema() -> dict[str, Any]:
    """The schema of a pipeline file: `workflow:`, or a bare list of steps."""
    # A workflow may hold a workflow, so pydantic puts it among the definitions by itself.
    definitions = Workflow.model_json_schema(ref_template="#/$defs/{model}")["$defs"]
    steps = TypeAdapter(list[Step]).json_schema(ref_template="#/$defs/{model}")
    definitions = {**steps.pop("$defs"), **definitions, "Condition": _CONDITION}
    for definition in definitions.values():
        for key in _CONDITION_KEYS:
            if key in definition.get("properties", {}):
                definition["properties"][key] = {"$ref": "#/$defs/Condition"}
        if "output_schema" in definition.get("properties", {}):
            definition["properties"]["output_schema"] = {"$ref": "#/$defs/OutputSchema"}
    definitions["OutputSchema"] = _output_schema()
    unions: dict[str, Any] = {}
    steps = _by_type(steps, unions)
    definitions = {name: _by_type(each, unions) for name, each in definitions.items()} | unions
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Genesis pipeline",
        "anyOf": [
            {
                "type": "object",
                "required": ["workflow"],
                "additionalProperties": False,
                "properties": {"workflow": {"$ref": "#/$defs/Workflow"}},
            },
            steps,
        ],
        "$defs": dict(sorted(definitions.items())),
    }


def _by_type(value: Any, unions: dict[str, Any]) -> Any:
    """The same with one definition for all steps and one for all parts, chosen by `type`.

    A plain `oneOf` is tried out, every kind of step with everything nested in it, which takes time
    exponential in the depth.
    """
    if isinstance(value, list):
        return [_by_type(item, unions) for item in value]
    if not isinstance(value, dict):
        return value
    kinds = value.get("discriminator", {}).get("mapping") if "oneOf" in value else None
    if kinds is None:
        return {key: _by_type(item, unions) for key, item in value.items()}
    name = "Part" if "static" in kinds else "Step"
    unions[name] = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": sorted(kinds)}},
        "allOf": [
            {
                "if": {"required": ["type"], "properties": {"type": {"const": kind}}},
                "then": {"$ref": reference},
            }
            for kind, reference in sorted(kinds.items())
        ],
    }
    return {"$ref": f"#/$defs/{name}"}


def _output_schema() -> dict[str, Any]:
    """A JSON Schema or a name; the file's own types are names, too, so any name is taken."""
    named = {"type": "string", "examples": list(NAMED_TYPES)}
    what = "JSON Schema of the step's data, a type of this file, or one of these:\n" + described()
    return {"description": what, "anyOf": [{"type": "object"}, named, {"type": "null"}]}


def schema_text() -> str:
    """The content of `pipelines/schema/pipeline.json`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
