"""Turns a model step's prompt parts into a request."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.errors import Unusable
from bot.llm.types import Options, Part, Request
from bot.pipeline.context import StepContext
from bot.pipeline.expr import ExpressionError, render
from bot.pipeline.model_steps import PromptStep
from bot.pipeline.named_types import resolved_schema
from bot.pipeline.parts import FilePart, PreviousResponsePart, StaticPart
from bot.pipeline.services import require
from bot.pipeline.strict_yaml import read_text

_SEGMENT = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+)\]")


def build_request(step: PromptStep, context: StepContext) -> Request:
    """The request of a model step, everything filled in."""
    return Request(
        parts=tuple(
            _part(part, step, context)
            for part in step.prompt
            if part.when is None or context.holds(part.when)
        ),
        output_schema=resolved_schema(step.output_schema, context.workflow.types),
        skill=step.offline,
        arguments=context.resolve(step.arguments),
        options=_options(step, context),
        step=step.name,
    )


def _options(step: PromptStep, context: StepContext) -> Options:
    return Options(
        preset=step.preset or context.workflow.defaults.preset or "",
        model=step.model,
        max_tokens=step.max_tokens,
        timeout_seconds=step.timeout_seconds or context.workflow.defaults.timeout_seconds,
    )


def _part(
    part: StaticPart | FilePart | PreviousResponsePart, step: PromptStep, context: StepContext
) -> Part:
    if isinstance(part, StaticPart):
        return Part("instructions", context.render(part.content))
    if isinstance(part, FilePart):
        return _file(part, step, context)
    return _response(part, step, context)


def _file(part: FilePart, step: PromptStep, context: StepContext) -> Part:
    if part.variables is not None:
        found = context.run.library.find(part.path) if context.run.library else None
        if found is None:
            raise Unusable(f"step {step.name!r}: there is no prompt file {part.path!r}")
        return Part(
            "instructions",
            render(read_text(found), context.resolve(part.variables)),
            name=part.path,
        )
    path = context.render(part.path).strip()
    if not path:
        raise Unusable(
            f"step {step.name!r}: the path of its file part is empty", hint=f"it is {part.path!r}"
        )
    files = require(context.run.services.files, "file access", step.name)
    return Part("file", files.read(path), name=path)


def _response(part: PreviousResponsePart, step: PromptStep, context: StepContext) -> Part:
    result = context.scope.step(part.source)
    if result is None:
        raise ExpressionError(
            f"step {step.name!r} refers to step {part.source!r}, which has not run"
        )
    if result.status == "skipped":
        raise ExpressionError(
            f"step {step.name!r} refers to step {part.source!r}, which was skipped"
        )
    data, text = result.data, result.text
    if part.extract:
        data = extract(data, part.extract, step=part.source)
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=2)
    if part.max_length is not None and len(text) > part.max_length:
        text = (
            f"{text[: part.max_length]}\n[{len(text) - part.max_length} more characters were cut]"
        )
    return Part("response", text, name=part.source, data=data)


def extract(data: Any, path: str, *, step: str) -> Any:
    """The value at `a.b[0].c`; raises `ExpressionError` naming what is missing first."""
    position = 0
    value = data
    while position < len(path):
        found = _SEGMENT.match(path, position)
        if found is None:
            raise ExpressionError(f"extract {path!r} is not of the form a.b[0].c")
        key: str | int = found[1] if found[2] is None else int(found[2])
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            raise ExpressionError(
                f"extract {path!r}: step {step!r} has nothing at {path[: found.end()]!r}"
            ) from None
        position = found.end()
    return value
