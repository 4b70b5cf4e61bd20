"""Structured output: a reply is JSON that satisfies a schema, or the step fails."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from bot.errors import ModelMisbehaved
from bot.llm.types import Json, Model, OnText, Reply, Request, Usage, unheard

MAX_REPAIRS = 2
"""How often a model is shown what was wrong with its reply."""

_FENCED = re.compile(r"\A\s*```(?:json)?[ \t]*\n(.*)\n```\s*\Z", re.DOTALL)


def ask(
    model: Model, request: Request, *, max_repairs: int = MAX_REPAIRS, on_text: OnText = unheard
) -> Reply:
    """The reply to `request`, with `data` valid against its schema if it has one.

    Raises `ModelMisbehaved` after `max_repairs` corrections, on a refusal and on a cut reply.
    """
    usage = Usage()
    current = request
    for attempt in range(max_repairs + 1):
        reply = model.complete(current, on_text=on_text)
        usage = usage + reply.usage
        _require_complete(reply, request, usage)
        if request.output_schema is None:
            return replace(reply, usage=usage)
        data, problems = read_json(reply)
        if not problems:
            problems = violations(data, request.output_schema)
        if not problems:
            return replace(reply, data=data, usage=usage)
        if attempt < max_repairs:
            current = current.corrected(reply, _correction(problems))
    raise ModelMisbehaved(
        f"step {request.step!r}: {model.name} did not answer in the required form: {problems[0]}",
        reply=reply.text,
        violations=problems,
        usage=usage,
        hint="relax output_schema, or say in the prompt which JSON is wanted",
    )


def read_json(reply: Reply) -> tuple[Json, tuple[str, ...]]:
    """The reply's JSON value, or why there is none; one fenced block is accepted, prose is not."""
    if reply.data is not None:
        return reply.data, ()
    fenced = _FENCED.match(reply.text)
    text = fenced.group(1) if fenced else reply.text
    try:
        return json.loads(text, parse_constant=_refuse_constant), ()
    except (ValueError, RecursionError) as error:
        return None, (f"the reply is not JSON: {error}",)


def violations(data: Json, schema: Mapping[str, Json]) -> tuple[str, ...]:
    """What in `data` breaks `schema`, with paths, at most ten."""
    try:
        return _violations(data, schema)
    except RecursionError:
        return ("$: nested too deeply",)


def _violations(data: Json, schema: Mapping[str, Json]) -> tuple[str, ...]:
    found = Draft202012Validator(dict(schema)).iter_errors(data)
    return tuple(
        f"{error.json_path}: {error.message[:300]}"
        for error, _ in zip(found, range(10), strict=False)
    )


def schema_error(schema: Mapping[str, Json]) -> str:
    """Why `schema` is no usable JSON Schema, or an empty string; remote references are refused."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"
    return _remote_reference(schema)


def _remote_reference(value: Json) -> str:
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            return f"$ref {reference!r} leaves the schema; only '#/...' is allowed"
        return next(filter(None, map(_remote_reference, value.values())), "")
    if isinstance(value, list | tuple):
        return next(filter(None, map(_remote_reference, value)), "")
    return ""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_INCOMPLETE: Mapping[str, tuple[str, str]] = {
    "max_tokens": ("was cut at the token limit", "raise max_tokens, or ask for less"),
    "refusal": ("refused to answer", "rephrase the prompt, or leave this step to a person"),
    "tool_use": ("called a tool this step does not have", "use an agent step"),
    "context_full": ("ran out of context", "give it less to read, or a model with more"),
}


def _require_complete(reply: Reply, request: Request, usage: Usage) -> None:
    if reply.stop_reason == "end":
        return
    what, hint = _INCOMPLETE[reply.stop_reason]
    raise ModelMisbehaved(
        f"step {request.step!r}: {reply.model} {what}", reply=reply.text, usage=usage, hint=hint
    )


def _correction(problems: tuple[str, ...]) -> str:
    listed = "\n".join(f"- {problem}" for problem in problems)
    return (
        f"Your reply does not satisfy the required JSON Schema:\n{listed}\n"
        "Answer with the JSON value alone."
    )
