"""Structured output: a reply is JSON that satisfies a schema, or the step fails."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from jsonschema import Draft202012Validator

from bot.errors import ModelMisbehaved
from bot.llm.schemas import FORMATS
from bot.llm.schemas import schema_error as schema_error
from bot.llm.types import Json, Model, OnText, Reply, Request, Usage, unheard

MAX_REPAIRS = 2
"""How often a model is shown what was wrong with its reply."""

MAX_REPLY = 10_000_000
"""Characters of a reply that are read as JSON."""
MAX_DEPTH = 100
"""Maps and lists within one another."""

_HALF = re.compile("[\ud800-\udfff]")
_FENCED = re.compile(r"\A\s*```(?:json|JSON)?[ \t]*\r?\n(.*)\n[ \t]*```\s*\Z", re.DOTALL)


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
        require_complete(reply, request, usage)
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
    try:
        return parse_json(reply.text), ()
    except ValueError as error:
        return None, (f"the reply is not JSON: {error}",)


def whole_value(text: str) -> Json:
    """The map or list that a text is, None for any other text."""
    if text.lstrip()[:1] not in ("{", "[", "`"):
        return None
    try:
        value = parse_json(text)
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def parse_json(text: str) -> Json:
    """The one JSON value that a text is, alone or in one fenced block; raises `ValueError`.

    Stricter than Python's own reader: nothing is lost, and what is read can be written again.
    """
    if len(text) > MAX_REPLY:
        raise ValueError(f"it has more than {MAX_REPLY:,} characters")
    fenced = _FENCED.match(text)
    body = fenced.group(1) if fenced else text
    try:
        value = _DECODER.decode(body)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        what = "something follows the value" if error.msg == "Extra data" else error.msg
        raise ValueError(f"{what} ({place})") from None
    except RecursionError:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep") from None
    _require_plain(value)
    return value


def _require_plain(value: Json) -> None:
    """Within our depth, and text that is Unicode: half a character cannot be stored anywhere."""
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        below: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                below += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and not _is_unicode(item):
                raise ValueError("a text in it holds half a character (a lone surrogate)")
        level = below
    raise ValueError(f"it is nested more than {MAX_DEPTH} deep")


def _is_unicode(text: str) -> bool:
    return text.isascii() or _HALF.search(text) is None


def _without_twins(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twin, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {twin!r} is given twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_twins, parse_float=_finite, parse_constant=_refuse_constant
)


def violations(data: Json, schema: Mapping[str, Json]) -> tuple[str, ...]:
    """What in `data` breaks `schema`, with paths, at most ten."""
    try:
        return _violations(data, schema)
    except RecursionError:
        return ("$: nested too deeply",)


def _violations(data: Json, schema: Mapping[str, Json]) -> tuple[str, ...]:
    validator = Draft202012Validator(dict(schema), format_checker=FORMATS)
    found = validator.iter_errors(data)
    return tuple(
        f"{error.json_path}: {error.message[:300]}"
        for error, _ in zip(found, range(10), strict=False)
    )


_INCOMPLETE: Mapping[str, tuple[str, str]] = {
    "max_tokens": ("was cut at the token limit", "raise max_tokens, or ask for less"),
    "refusal": ("refused to answer", "rephrase the prompt, or leave this step to a person"),
    "tool_use": ("called a tool this step does not have", "use an agent step"),
    "context_full": ("ran out of context", "give it less to read, or a model with more"),
}


def require_complete(reply: Reply, request: Request, usage: Usage) -> None:
    """Raises `ModelMisbehaved` for a reply that is not whole; `usage` is what all of it cost."""
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
