"""Reads one pipeline file to the end, whatever is wrong with it, and tells all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bot.core.faults import near
from bot.pipeline.checks.check import check_workflow
from bot.pipeline.checks.check_calls import Called, variables_of
from bot.pipeline.checks.check_head import require_unique_names
from bot.pipeline.checks.checker import Caller, Checker
from bot.pipeline.checks.messages import converted, faults
from bot.pipeline.checks.problems import Problem, Report
from bot.pipeline.checks.salvage import salvaged
from bot.pipeline.language.spec import Workflow, walk
from bot.strict_yaml import Document

if TYPE_CHECKING:
    from bot.pipeline.load import Library


MAX_STEPS = 5_000
"""In one file; checking takes time that grows faster than their number."""


@dataclass(frozen=True)
class Examined:
    """A pipeline file as far as it can be read."""

    document: Document
    problems: tuple[Problem, ...]
    called: Called | None = None
    """None where nothing of it can be read."""
    expects: tuple[str, ...] = ()
    """Steps a fragment (a bare list of steps) refers to but does not contain."""
    free: Mapping[str, bool] = field(default_factory=dict)
    """Names it takes from outside without declaring them; true for those it cannot do without."""


def examine(
    document: Document, *, library: Library | None = None, callers: tuple[Caller, ...] = ()
) -> Examined:
    """Everything that is wrong with a parsed document, the pipelines it calls included."""
    report = Report(document)
    for repeated in document.repeated:
        report.take(repeated)
    body, fragment = _body(report)
    if body is None:
        return Examined(document, report.sorted())
    workflow, lost = _validated(report, body)
    if workflow is not None and sum(1 for _ in walk(workflow.steps)) > MAX_STEPS:
        report.add(f"there are more than {MAX_STEPS} steps", ("steps",))
        workflow = None
    if workflow is None:
        return Examined(document, report.sorted())
    checker = Checker(
        report,
        library,
        workflow,
        frozenset(step.name for step in walk(workflow.steps)),
        variables_of(workflow),
        fragment=fragment,
        callers=callers,
        lost=lost,
    )
    require_unique_names(checker)
    called = check_workflow(checker)
    expects = tuple(dict.fromkeys(checker.expects))
    return Examined(document, report.sorted(), called, expects, checker.free)


def _body(report: Report) -> tuple[dict[str, Any] | None, bool]:
    document, value = report.document, report.document.value
    if isinstance(value, list):
        return {"name": Path(document.path).stem or "steps", "steps": value}, True
    if not isinstance(value, dict):
        report.add("a pipeline file holds 'workflow:' or a list of steps", ())
        return None, False
    for key in value:
        if key != "workflow":
            line, column = document.position((key,))
            said = f"unknown key {key!r} beside 'workflow'"
            report.problems.append(Problem(document.path, line, column, "", said))
    if "workflow" not in value:
        report.problems.clear()
        report.add(f"the key 'workflow' is missing{near('workflow', value)}", ())
        return None, False
    if not isinstance(value["workflow"], dict):
        report.add("'workflow' must be a map", ())
        return None, False
    return value["workflow"], False


def _validated(report: Report, body: dict[str, Any]) -> tuple[Workflow | None, frozenset[str]]:
    """The workflow, or what can be read of it, and the names that got lost."""
    rest, lost = body, frozenset[str]()
    try:
        workflow = Workflow.model_validate(body)
    except ValidationError as error:
        found = faults(error, body)
        for fault in found:
            report.add(fault.message, fault.at, hint=fault.hint)
        rest, lost = salvaged(body, found)
        try:
            workflow = Workflow.model_validate(rest)
        except ValidationError:
            return None, lost
    for fault in converted(workflow.model_dump(by_alias=True, exclude_unset=True), rest):
        report.add(fault.message, fault.at, hint=fault.hint)
    return workflow, lost
