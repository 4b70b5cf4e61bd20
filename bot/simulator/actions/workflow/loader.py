"""Loads a workflow file or an action's metadata."""

from __future__ import annotations

from bot.simulator.actions.workflow.document import Mapping, Node, WorkflowError, read
from bot.simulator.actions.workflow.events import read_triggers
from bot.simulator.actions.workflow.fields import Fields, is_null, text
from bot.simulator.actions.workflow.jobs import read_concurrency, read_defaults, read_jobs
from bot.simulator.actions.workflow.model import Action, Input, Workflow
from bot.simulator.actions.workflow.permissions import read_permissions
from bot.simulator.actions.workflow.places import (
    ACTION_DEFAULT,
    COMPOSITE_VALUE,
    CONCURRENCY,
    CONSTANT,
    RUN_NAME,
    WORKFLOW_ENV,
)
from bot.simulator.actions.workflow.steps import ACTION_STEP, read_steps

__all__ = ["WorkflowError", "load_action", "load_workflow"]


def load_workflow(content: bytes, path: str) -> Workflow:
    """Raises WorkflowError with the place of the first thing that is wrong."""
    fields = Fields(read(content, path))
    workflow = Workflow(
        path=path,
        name=fields.text("name") or path,
        run_name=fields.text("run-name", RUN_NAME),
        triggers=read_triggers(fields.need("on")),
        permissions=read_permissions(fields.take("permissions")),
        env=fields.data("env", WORKFLOW_ENV) or {},
        defaults=read_defaults(fields.take("defaults"), CONSTANT),
        concurrency=read_concurrency(fields.take("concurrency"), CONCURRENCY),
        jobs=read_jobs(fields.need("jobs")),
    )
    fields.take("description")
    fields.finish()
    return workflow


def load_action(content: bytes, path: str) -> Action:
    """Only a composite action's steps are read; of any other kind, only what it is."""
    fields = Fields(read(content, path))
    name = fields.text("name")
    runs = Fields(fields.need("runs"))
    using = text(runs.need("using"))
    inputs = _inputs(fields.take("inputs"))
    if using != "composite":
        return Action(name, using, inputs)
    steps = read_steps(runs.need("steps"), ACTION_STEP)
    runs.finish()
    outputs = _outputs(fields.take("outputs"))
    for key in ("author", "description", "branding"):
        fields.take(key)
    fields.finish()
    return Action(name, using, inputs, outputs, steps)


def _entries(node: Node | None) -> dict[str, Node]:
    return {} if node is None or is_null(node) else Fields(node).left


def _inputs(node: Node | None) -> dict[str, Input]:
    return {name: _input(name, entry) for name, entry in _entries(node).items()}


def _input(name: str, node: Node) -> Input:
    if is_null(node):
        return Input(name)
    fields = Fields(node)
    return Input(
        name,
        required=fields.flag("required", default=False) is True,
        default=fields.maybe("default", ACTION_DEFAULT),
    )


def _outputs(node: Node | None) -> dict[str, str]:
    return {
        name: text(Fields(entry).need("value"), COMPOSITE_VALUE)
        for name, entry in _entries(node).items()
        if isinstance(entry, Mapping)
    }
