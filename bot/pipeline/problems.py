"""Turns validation errors into messages that name the line, the key and the likely intention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.errors import ConfigError
from bot.pipeline.parts import PART_TYPES
from bot.pipeline.spec import STEP_TYPES, Defaults, Input, Workflow, nested_steps
from bot.pipeline.step_base import Retry, StepBase
from bot.pipeline.strict_yaml import Document

At = tuple[str | int, ...]


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
        yield from _located(nested_steps(step), (*here, "steps"))
        yield from _located(step.otherwise, (*here, "else"))


def from_validation(document: Document, error: ValidationError) -> ConfigError:
    """The first problem, at its place in the file, the others counted."""
    found = _without_echoes(error.errors(include_url=False))
    first = found[0]
    body = document.value if isinstance(document.value, list) else document.value.get("workflow")
    plain = {"steps": body} if isinstance(document.value, list) else body
    at, owner = _without_tags(tuple(first["loc"]), plain)
    more = f" (and {len(found) - 1} more problems)" if len(found) > 1 else ""
    keys = ".".join(map(str, at)) or "workflow"
    return document.error(f"{keys}: {_message(first, at, owner)}{more}", rooted(document, at))


def _without_echoes(found: list[Any]) -> list[Any]:
    """Pydantic drops invalid items, then finds the list too short; leave that out."""
    real = [
        p for p in found if p["type"] != "too_short" or p["ctx"]["actual_length"] == len(p["input"])
    ]
    return real or found


def _without_tags(loc: At, value: Any) -> tuple[At, Any]:
    """Pydantic puts the step's type into the path; take it out. Also the map the path ends in."""
    at: list[str | int] = []
    owner: Any = value
    fresh = False
    for key in loc:
        if fresh and isinstance(value, dict) and value.get("type") == key:
            fresh = False
            continue
        owner = value if isinstance(value, dict) else owner
        at.append(key)
        value = _child(value, key)
        fresh = isinstance(key, int)
    return tuple(at), owner


def _child(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None


def _message(problem: Any, at: At, owner: Any) -> str:
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"unknown key{near(str(at[-1]), _known_keys(at, owner))}"
    if kind == "missing":
        return "this key is missing"
    if kind == "union_tag_not_found":
        return "the key 'type' is missing"
    if kind == "union_tag_invalid":
        tag = str(problem["ctx"]["tag"])
        known = PART_TYPES if "prompt" in at else STEP_TYPES
        return f"unknown type {tag!r}{near(tag, known) or '; known: ' + ', '.join(known)}"
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    if kind == "too_short":
        return "must not be empty"
    return str(problem["msg"]).replace("tuple", "list").replace("dictionary", "map")


def _known_keys(at: At, owner: Any) -> set[str]:
    model: type[BaseModel] = Workflow
    if len(at) > 2 and at[-3] == "inputs":
        model = Input
    elif len(at) > 1 and at[-2] == "retry":
        model = Retry
    elif len(at) > 1 and at[-2] == "defaults":
        model = Defaults
    elif isinstance(owner, dict) and isinstance(owner.get("type"), str):
        known = PART_TYPES if "prompt" in at else STEP_TYPES
        model = known.get(owner["type"], Workflow)
    return {field.alias or name for name, field in model.model_fields.items()}
