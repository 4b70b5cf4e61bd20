"""Checks of the steps that ask a model, before anything runs."""

from __future__ import annotations

from bot.llm.structured import schema_error
from bot.pipeline.expr import ExpressionError, names_in_template
from bot.pipeline.model_steps import PromptStep
from bot.pipeline.named_types import NAMED_TYPES
from bot.pipeline.parts import FilePart, PreviousResponsePart, StaticPart
from bot.pipeline.problems import At, near
from bot.pipeline.references import (
    Checker,
    Known,
    check_condition,
    check_value,
    error_at,
    require_step,
)
from bot.pipeline.strict_yaml import read_text


def check_model_step(checker: Checker, step: PromptStep, at: At, known: Known) -> None:
    """The prompt's parts and the schema of the answer."""
    if isinstance(step.output_schema, dict):
        wrong = schema_error(step.output_schema)
        if wrong:
            raise error_at(checker, f"not a usable JSON Schema: {wrong}", (*at, "output_schema"))
    elif isinstance(step.output_schema, str) and step.output_schema not in NAMED_TYPES:
        named = step.output_schema
        hint = near(named, NAMED_TYPES) or f"; known: {', '.join(NAMED_TYPES)}"
        raise error_at(checker, f"there is no type {named!r}{hint}", (*at, "output_schema"))
    for index, part in enumerate(step.prompt):
        here = (*at, "prompt", index)
        check_condition(checker, part.when, (*here, "when"), known)
        if isinstance(part, StaticPart):
            check_value(checker, part.content, (*here, "content"), known)
        elif isinstance(part, FilePart):
            _check_file_part(checker, part, here, known)
        elif isinstance(part, PreviousResponsePart):
            require_step(checker, part.source, (*here, "name" if part.name else "step"), known)


def _check_file_part(checker: Checker, part: FilePart, at: At, known: Known) -> None:
    check_value(checker, part.path, (*at, "path"), known)
    if part.variables is None:
        return
    check_value(checker, part.variables, (*at, "variables"), known)
    if checker.library is None:
        return
    found = checker.library.find(part.path)
    if found is None:
        raise error_at(checker, f"there is no prompt file {part.path!r}", (*at, "path"))
    try:
        _, names = names_in_template(read_text(found))
    except ExpressionError as error:
        raise error_at(checker, f"{part.path}: {error}", (*at, "path")) from error
    for name in sorted(names - part.variables.keys()):
        raise error_at(
            checker,
            f"{part.path} uses {name!r}, which 'variables' does not give",
            (*at, "variables"),
        )
