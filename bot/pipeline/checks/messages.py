"""Validation errors in the words of the language, at the keys a person wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bot.core.faults import near, plainly
from bot.pipeline.language.spec import Workflow
from bot.pipeline.language.step_base import At

_TAGS = ("type", "operation")
"""Keys that say which record a map is."""


@dataclass(frozen=True)
class Fault:
    """One value that does not fit the models."""

    at: At
    """Path in the workflow, as written."""
    kind: str
    message: str
    hint: str = ""


def faults(error: ValidationError, body: Any) -> list[Fault]:
    """Every fault once. A value that fits none of several forms is one fault."""
    found: dict[At, list[Any]] = {}
    for problem in _without_echoes(error.errors(include_url=False)):
        found.setdefault(_place(problem, body), []).append(problem)
    outer = set(found)
    return [
        _fault(at, problems, body)
        for at, problems in found.items()
        if not any(
            at[:length] in outer and _is_form(found[at[:length]]) for length in range(len(at))
        )
    ]


def converted(read: Any, written: Any, at: At = ()) -> Iterator[Fault]:
    """Values that were taken for what they are not: `"5"` for 5, `"yes"` or 1 for true."""
    if isinstance(read, dict) and isinstance(written, dict):
        for key in written:
            yield from converted(read.get(key), written[key], (*at, key))
    elif isinstance(read, list | tuple) and isinstance(written, list):
        for index, (one, other) in enumerate(zip(read, written, strict=False)):
            yield from converted(one, other, (*at, index))
    elif isinstance(read, bool | int | float) and _is_other(read, written):
        wanted = "true or false" if isinstance(read, bool) else "a number"
        yield Fault(at, "converted", f"must be {wanted}, got {written!r}")


def _is_other(read: bool | int | float, written: Any) -> bool:
    return isinstance(written, str) or isinstance(read, bool) != isinstance(written, bool)


def _fault(at: At, problems: list[Any], body: Any) -> Fault:
    texts = list(dict.fromkeys(_message(problem, at, body) for problem in problems))
    wanted = [text.removeprefix("must be ") for text in texts if text.startswith("must be ")]
    message = f"must be {' or '.join(wanted)}" if len(texts) > 1 and wanted else texts[0]
    hint = ""
    if problems[0]["type"] == "missing":
        hint = getattr(record_at(at[:-1], body), "needed", {}).get(at[-1], "")
    return Fault(at, problems[0]["type"], message, hint)


def _is_form(problems: list[Any]) -> bool:
    """Whether the value's very form is wrong, so that what is inside it does not count."""
    return any(problem["type"].startswith("union_tag") for problem in problems)


def _without_echoes(found: list[Any]) -> list[Any]:
    """Pydantic drops invalid items, then finds the list too short; leave that out."""
    real = [
        p for p in found if p["type"] != "too_short" or p["ctx"]["actual_length"] == len(p["input"])
    ]
    return real or found


def _place(problem: Any, value: Any) -> At:
    """Pydantic's path without the names it gives to the forms it tried."""
    at: list[str | int] = []
    fresh = False
    for position, key in enumerate(problem["loc"]):
        tagged = fresh and isinstance(value, dict) and key in map(value.get, _TAGS)
        fresh = fresh and not tagged
        missing = problem["type"] == "missing" and position == len(problem["loc"]) - 1
        if tagged or not (_has(value, key) or (missing and isinstance(value, dict))):
            continue
        at.append(key)
        value = _child(value, key)
        fresh = isinstance(key, int)
    return tuple(at)


def _has(value: Any, key: str | int) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and key < len(value)


def _child(value: Any, key: str | int) -> Any:
    return value[key] if _has(value, key) else None


def _message(problem: Any, at: At, body: Any) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    record = record_at(at[:-1], body)
    if kind == "extra_forbidden":
        return _unknown_key(str(at[-1]), record)
    if kind == "union_tag_invalid":
        return _unknown_tag(str(context["tag"]), context["discriminator"].strip("'"), at, body)
    if kind == "literal_error":
        known = map(str, _literals_of(record, str(at[-1])) if record and at else ())
        return f"must be {context['expected']}{near(str(problem['input']), known)}"
    if kind == "string_pattern_mismatch":
        return "must be a name: letters, digits and underscores, not beginning with a digit"
    return plainly(kind, context, str(problem["msg"]))


def _unknown_key(key: str, record: type[BaseModel] | None) -> str:
    """Some keys are known from elsewhere: their record's `refused` says what to write instead."""
    refused: Mapping[str, str] = getattr(record, "refused", {})
    if key in refused:
        return f"not supported here: {refused[key]}"
    fields = record.model_fields.items() if record is not None else ()
    return f"unknown key{near(key, {field.alias or name for name, field in fields})}"


def _unknown_tag(tag: str, key: str, at: At, body: Any) -> str:
    if "{" in tag:
        return f"a {key} must be written out; choose among steps with a switch"
    records = _records(_followed(at, body)[0])
    known = [str(value) for record in records for value in _literals_of(record, key)]
    return f"unknown {key} {tag!r}{near(tag, known) or '; known: ' + ', '.join(known)}"


def record_at(at: At, body: Any) -> type[BaseModel] | None:
    """The record that the map at this place is read as; None where it is no record."""
    return _record(*_followed(at, body))


def _followed(at: At, value: Any) -> tuple[Any, Any]:
    """The annotation of the place, and the value there."""
    annotation: Any = Workflow
    for key in at:
        annotation = _inner(annotation, key, value)
        value = _child(value, key)
    return annotation, value


def _inner(annotation: Any, key: str | int, value: Any) -> Any:
    if isinstance(key, str) and (record := _record(annotation, value)) is not None:
        fields = record.model_fields.items()
        return next((f.annotation for name, f in fields if (f.alias or name) == key), None)
    wanted = dict if isinstance(key, str) else tuple
    found = (get_args(o) for o in _options(annotation) if get_origin(o) is wanted)
    args = next(found, (None,))
    return args[-1] if wanted is dict else args[0]


def _record(annotation: Any, value: Any) -> type[BaseModel] | None:
    records = _records(annotation)
    if len(records) < 2:
        return records[0] if records else None
    tags = value.items() if isinstance(value, dict) else ()
    return next((r for r in records for key, tag in tags if tag in _literals_of(r, key)), None)


def _records(annotation: Any) -> list[type[BaseModel]]:
    return [o for o in _options(annotation) if isinstance(o, type) and issubclass(o, BaseModel)]


def _options(annotation: Any) -> Iterator[Any]:
    """The forms a value may have."""
    if get_origin(annotation) is Annotated:
        yield from _options(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for option in get_args(annotation):
            yield from _options(option)
    else:
        yield annotation


def _literals_of(record: type[BaseModel], key: str) -> tuple[Any, ...]:
    field = record.model_fields.get(key)
    options = _options(field.annotation) if field is not None else ()
    return tuple(value for o in options if get_origin(o) is Literal for value in get_args(o))
