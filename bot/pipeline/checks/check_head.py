"""Checks of the head of a file, and of what only the whole file shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from bot.pipeline.checks.check_models import check_schema
from bot.pipeline.checks.known import Known
from bot.pipeline.checks.references import Checker, check_value
from bot.pipeline.checks.shapes import ANYTHING, Described, Shape
from bot.pipeline.language.flow_steps import PipelineStep
from bot.pipeline.language.inputs import fits, wanted
from bot.pipeline.language.spec import walk
from bot.pipeline.language.step_base import At, StepBase
from bot.pipeline.language.workflow import Input
from bot.pipeline.scope import RESERVED

_ENVIRONMENT = re.compile(r"\$\{?[A-Z_][A-Z0-9_]*\}?\Z")


def check_head(checker: Checker, known: Known) -> None:
    """Inputs, variables and types."""
    workflow = checker.workflow
    for name, spec in (workflow.inputs or {}).items():
        if name in RESERVED:
            checker.error(f"{name!r} is reserved", ("inputs", name))
        if spec.default is not None and not fits(spec.default, spec):
            where = ("inputs", name, "default")
            checker.error(f"the default of input {name!r} must be {wanted(spec)}", where)
    for name, value in workflow.variables.items():
        check_value(checker, value, ("variables", name), known)
        if name in RESERVED:
            checker.error(f"{name!r} is reserved", ("variables", name))
        if isinstance(value, str) and _ENVIRONMENT.match(value):
            checker.error(
                f"{value!r} would be taken as it stands",
                ("variables", name),
                hint="the environment is not read into pipelines; declare an input",
            )
    for name, schema in workflow.types.items():
        check_schema(checker, dict(schema), ("types", name))


def check_free_names(checker: Checker) -> None:
    """A name nobody defines is an input; one that is nearly a known name is rather a slip."""
    known = sorted(checker.all_steps | checker.all_variables)
    for name in checker.free.keys() - known:
        if close := get_close_matches(name, known, 1, cutoff=0.8):
            checker.warn(
                f"nothing defines {name!r}, so it is taken as an input; did you mean {close[0]!r}?",
                (),
            )
    if checker.workflow.inputs and not checker.base:
        _check_unused_inputs(checker)


def _check_unused_inputs(checker: Checker) -> None:
    value = checker.document.value
    body = value.get("workflow", {}) if isinstance(value, dict) else {}
    words = set[str]()
    for text in _texts({key: item for key, item in body.items() if key != "inputs"}):
        words.update(re.findall(r"[A-Za-z_]\w*", text))
    inherits = any(
        isinstance(step, PipelineStep) and step.config.inherit_context
        for step in walk(checker.workflow.steps)
    )
    for name in checker.workflow.inputs or ():
        if name not in words and not inherits:
            checker.warn(f"nothing uses the input {name!r}", ("inputs", name))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def input_shape(spec: Input) -> Shape:
    """What is known of an input's value."""
    if spec.enum:
        return Described({"enum": list(spec.enum)})
    return ANYTHING


def require_unique_names(checker: Checker) -> None:
    """Two steps of one name hide each other."""
    first: dict[str, At] = {}
    for at, step in located(checker.workflow.steps, ("steps",)):
        if step.name in first:
            line, _ = checker.document.position(("workflow", *checker.base, *first[step.name]))
            checker.error(
                f"two steps are called {step.name!r}",
                (*at, "name"),
                hint=f"the other one in line {line}",
            )
        first.setdefault(step.name, at)


def located(steps: tuple[StepBase, ...], at: At) -> Iterator[tuple[At, StepBase]]:
    """Every step with its path in the file."""
    for index, step in enumerate(steps):
        here = (*at, index)
        yield here, step
        for keys, block in step.blocks():
            yield from located(block, (*here, *keys))
