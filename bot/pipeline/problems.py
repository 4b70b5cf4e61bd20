"""Turns validation errors into messages that name the line, the key and the likely intention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from bot.errors import ConfigError
from bot.pipeline.parts import PART_TYPES, PartBase
from bot.pipeline.spec import STEP_TYPES, Workflow
from bot.pipeline.step_base import At as At
from bot.pipeline.step_base import StepBase
from bot.pipeline.strict_yaml import Document
from bot.pipeline.transform_operations import OPERATION_TYPES, OperationBase


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    found = get_close_matches(word, [str(name) for name in known], 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def rooted(document: Document, at: At) -> At:
    """A path inside the workflow as a path inside the document."""
    if isinstance(document.value, list):
        return at[1:] if at[:1] == ("steps",) else ()
    return ("workflow", *at)


def located_steps(workflow: Workflow) -> Iterator[tuple[At, StepBase]]:
    """Every step with its path in the file."""
    yield from _located(workflow.steps, ("steps",))


def _located(steps: tuple[Any, ...], at: At) -> Iterator[tuple[At, StepBase]]:
    for index, step in enumerate(steps):
        here = (*at, index)
        yield here, step
        for keys, block in step.blocks():
            yield from _located(block, (*here, *keys))


def from_validation(document: Document, error: ValidationError) -> ConfigError:
    """The first problem, at its place in the file, the others counted."""
    found = _without_echoes(error.errors(include_url=False))
    first = found[0]
    body = document.value if isinstance(document.value, list) else document.value.get("workflow")
    plain = {"steps": body} if isinstance(document.value, list) else body
    at = _without_tags(tuple(first["loc"]), plain)
    more = f" (and {len(found) - 1} more problems)" if len(found) > 1 else ""
    keys = ".".join(map(str, at)) or "workflow"
    return document.error(f"{keys}: {_message(first, at, plain)}{more}", rooted(document, at))


def _without_echoes(found: list[Any]) -> list[Any]:
    """Pydantic drops invalid items, then finds the list too short; leave that out."""
    real = [
        p for p in found if p["type"] != "too_short" or p["ctx"]["actual_length"] == len(p["input"])
    ]
    return real or found


def _without_tags(loc: At, value: Any) -> At:
    """Pydantic puts the step's type or operation into the path; take it out."""
    at: list[str | int] = []
    fresh = False
    for key in loc:
        if fresh and isinstance(value, dict) and key in (value.get("type"), value.get("operation")):
            fresh = False
            continue
        at.append(key)
        value = _child(value, key)
        fresh = isinstance(key, int)
    return tuple(at)


def _child(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None


def _message(problem: Any, at: At, body: Any) -> str:
    kind = problem["type"]
    if kind == "extra_forbidden":
        return _unknown_key(str(at[-1]), _model_at(at[:-1], body))
    if kind == "missing":
        return "this key is missing"
    if kind == "union_tag_not_found":
        return f"the key {problem['ctx']['discriminator']} is missing"
    if kind == "union_tag_invalid":
        tag, key = str(problem["ctx"]["tag"]), problem["ctx"]["discriminator"].strip("'")
        known = _typed(_model_at(at, body))
        return f"unknown {key} {tag!r}{near(tag, known) or '; known: ' + ', '.join(known)}"
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    if kind == "too_short":
        return "must not be empty"
    return str(problem["msg"]).replace("tuple", "list").replace("dictionary", "map")


def _unknown_key(key: str, model: type[BaseModel]) -> str:
    """Some keys are known from elsewhere: their record's `refused` says what to write instead."""
    refused: Mapping[str, str] = getattr(model, "refused", {})
    if key in refused:
        return f"not supported here: {refused[key]}"
    fields = model.model_fields.items()
    return f"unknown key{near(key, {field.alias or name for name, field in fields})}"


def _model_at(at: At, value: Any) -> type[BaseModel]:
    """The record that the map at this place is read as."""
    model: type[BaseModel] = Workflow
    for key in at:
        value = _child(value, key)
        tag = value.get("type", value.get("operation")) if isinstance(value, dict) else None
        if isinstance(key, str):
            model = _record_of(model, key) or model
        elif isinstance(tag, str):
            model = _typed(model).get(tag, model)
    return model


def _record_of(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    fields = model.model_fields.items()
    found = next((f.annotation for name, f in fields if (f.alias or name) == key), None)
    return _first_record(found)


def _first_record(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_first_record, get_args(annotation))), None)


def _typed(model: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """What `type` or `operation` may be where a record like this stands."""
    if issubclass(model, OperationBase):
        return OPERATION_TYPES
    return PART_TYPES if issubclass(model, PartBase) else STEP_TYPES
