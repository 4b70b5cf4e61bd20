"""Checks of steps that run a whole pipeline: that it exists, gets what it needs, and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.core.faults import near
from bot.pipeline.checks.known import Known, Missing
from bot.pipeline.checks.lookup import check_trail
from bot.pipeline.checks.problems import errors_of
from bot.pipeline.checks.references import Checker, check_value
from bot.pipeline.checks.shapes import ANYTHING, Fields, Shape
from bot.pipeline.language.flow_steps import SetVariableStep
from bot.pipeline.language.inputs import fits, wanted
from bot.pipeline.language.pipeline_step import MAX_DEPTH, OutputPick, PipelineStep
from bot.pipeline.language.spec import walk
from bot.pipeline.language.step_base import At
from bot.pipeline.language.workflow import Workflow


@dataclass(frozen=True)
class Called:
    """A pipeline as its caller sees it."""

    workflow: Workflow
    data: Shape = ANYTHING
    """What it gives back."""
    parts: Shape = ANYTHING
    """What `outputs` of the calling step may pick from."""
    free: tuple[str, ...] = ()
    """Inputs it needs without declaring them."""


def check_call(
    checker: Checker,
    step: PipelineStep,
    at: At,
    known: Known,
    check_inline: Callable[[Checker, Workflow, At], Called],
) -> Shape:
    """Reports what is wrong with the call; gives the shape of its data."""
    check_value(checker, step.config.max_depth, (*at, "config", "max_depth"), known)
    if step.pipeline is not None:
        called: Called | None = check_inline(checker, step.pipeline, (*at, "pipeline"))
    elif step.pipeline_ref and step.pipeline_ref == checker.workflow.name:
        if step.config.max_depth is None:
            said = f"pipeline {step.pipeline_ref!r} runs itself"
            checker.error(said, (*at, "pipeline_ref"), hint=_DEPTH)
        called = Called(checker.workflow)
    else:
        called = _from_library(checker, step, at)
    if called is None:
        return ANYTHING
    _check_inputs(checker, step, at, known, called)
    return picked(checker, step, at, called.parts) if step.outputs else called.data


def picked(checker: Checker, step: PipelineStep, at: At, parts: Shape) -> Shape:
    """The shape of the values that `outputs` takes out."""
    chosen: dict[str, Shape] = {}
    for index, pick in enumerate(step.outputs):
        path = pick.path if isinstance(pick, OutputPick) else pick
        name = pick.alias if isinstance(pick, OutputPick) else pick
        chosen[name] = ANYTHING
        try:
            chosen[name] = check_trail(parts, "the pipeline", path)
        except (Missing, ValueError) as wrong:
            checker.error(str(wrong), (*at, "outputs", index))
    return Fields(chosen)


def _from_library(checker: Checker, step: PipelineStep, at: At) -> Called | None:
    key = "pipeline_file" if step.pipeline_file else "pipeline_ref"
    name, where = step.pipeline_file or f"{step.pipeline_ref}.yaml", (*at, key)
    if "{" in name:
        checker.error(
            f"{key} must be a literal name",
            where,
            hint="choose among pipelines with a switch, so that each can be checked",
        )
        return None
    if checker.library is None:
        return None
    path = checker.library.find(name)
    if path is None:
        choice = near(name.removeprefix("./"), checker.library.names(), cutoff=0.75)
        checker.error(f"there is no pipeline {name!r}{choice}", where)
        return None
    name = checker.library.name_of(path) or name
    callers = (*checker.callers[:-1], checker.callers[-1].calling(step)) if checker.callers else ()
    names = [caller.name for caller in callers]
    if name in names:
        if not any(caller.bounded for caller in callers[names.index(name) :]):
            circle = " -> ".join((*names, name))
            said = f"pipelines call each other in a circle: {circle}"
            checker.error(said, where, hint=_DEPTH)
        return None
    if len(callers) > MAX_DEPTH:
        checker.error(f"pipelines are nested more than {MAX_DEPTH} deep", where)
        return None
    examined = checker.library.examined(name, callers)
    checker.report.problems.extend(errors_of(examined.problems))
    return examined.called


_DEPTH = "say in the 'config' of the call how deep it may go: max_depth: 5"


def _check_inputs(
    checker: Checker, step: PipelineStep, at: At, known: Known, called: Called
) -> None:
    declared, name = called.workflow.inputs, called.workflow.name
    inherited = {*known.inputs, *known.variables} if step.config.inherit_context else set()
    needed = [key for key, spec in (declared or {}).items() if spec.required] or called.free
    for key in needed:
        if key not in step.inputs and key not in inherited:
            checker.error(f"pipeline {name!r} needs the input {key!r}", at)
    if declared is None:
        return
    for key, value in step.inputs.items():
        where = (*at, "inputs", key)
        if key not in declared:
            choice = near(key, declared) or f"; it has: {', '.join(declared) or 'none'}"
            checker.error(f"pipeline {name!r} has no input {key!r}{choice}", where)
        elif _is_literal(value) and not fits(value, declared[key]):
            checker.error(f"input {key!r} of {name!r} must be {wanted(declared[key])}", where)


def _is_literal(value: Any) -> bool:
    if isinstance(value, str):
        return "{" not in value
    if isinstance(value, dict):
        return all(map(_is_literal, value.values()))
    return all(map(_is_literal, value)) if isinstance(value, list) else True


def inline_checker(checker: Checker, workflow: Workflow, at: At) -> Checker:
    """A checker for a pipeline written inside another one."""
    return replace(
        checker,
        workflow=workflow,
        all_steps=frozenset(step.name for step in walk(workflow.steps)),
        all_variables=variables_of(workflow),
        base=(*checker.base, *at),
        free={},
        fragment=False,
    )


def variables_of(workflow: Workflow) -> frozenset[str]:
    """Every variable that is set anywhere in it."""
    names = set(workflow.variables)
    for step in walk(workflow.steps):
        names |= {*step.defines(), *(step.variables if isinstance(step, SetVariableStep) else ())}
    return frozenset(names)
