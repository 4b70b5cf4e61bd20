"""Types a step can name in `output_schema` instead of writing a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from bot.core.finding import Analysis
from bot.core.plan import Plan
from bot.core.verdict import Verdict
from bot.pipeline.language import answers

NAMED_TYPES: Mapping[str, type[BaseModel]] = {
    "analysis": Analysis,
    "commit_message": answers.CommitMessage,
    "file_content": answers.FileContent,
    "file_list": answers.FileList,
    "findings": answers.Findings,
    "judgement": answers.Judgement,
    "places": answers.Places,
    "plan": Plan,
    "review": answers.Review,
    "verdict": Verdict,
}
"""Beside these a file may name types of its own, under `types`; those come first."""


def described() -> str:
    """Every named type with what it is, for editors and documentation."""
    return "\n".join(f"{name}: {_first_line(kind)}" for name, kind in NAMED_TYPES.items())


def _first_line(kind: type[BaseModel]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


Types = Mapping[str, Mapping[str, Any]]
"""JSON Schemas by name, from the head of a file."""


def schema_named(name: str) -> dict[str, Any]:
    """The JSON Schema of a named type; raises `KeyError`, which loading rules out."""
    return NAMED_TYPES[name].model_json_schema()


def resolved_schema(schema: Mapping[str, Any] | str | None, types: Types) -> dict[str, Any] | None:
    """An `output_schema` as written, with the file's own types it needs beside it as `$defs`."""
    if schema is None:
        return None
    if isinstance(schema, str):
        if schema not in types:
            return schema_named(schema)
        schema = types[schema]
    own = schema.get("$defs", {})
    needed = {name: types[name] for name in _needed(schema, types, set()) if name not in own}
    return {**schema, "$defs": {**needed, **own}} if needed else dict(schema)


def _needed(value: Any, types: Types, seen: set[str]) -> set[str]:
    """Names of the file's types that `value` refers to, directly or through one another."""
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        name = reference.removeprefix("#/$defs/") if isinstance(reference, str) else ""
        if name in types and name not in seen:
            seen.add(name)
            _needed(types[name], types, seen)
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            _needed(item, types, seen)
    return seen
