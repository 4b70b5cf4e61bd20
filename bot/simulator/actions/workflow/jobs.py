"""The `jobs` of a workflow, and the graph their `needs` make."""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Any, Literal

from bot.simulator.actions.expressions.template import has_expression
from bot.simulator.actions.workflow.document import Mapping, Node, Place, Scalar, Sequence
from bot.simulator.actions.workflow.fields import Fields, data, flag, text, text_mapping
from bot.simulator.actions.workflow.model import Concurrency, Defaults, Job, Strategy
from bot.simulator.actions.workflow.permissions import read_permissions
from bot.simulator.actions.workflow.places import (
    JOB_DEFAULTS,
    JOB_ENV,
    JOB_IF,
    JOB_NAME,
    JOB_OUTPUTS,
    JOB_SECRETS,
    JOB_SETTING,
    STRATEGY,
    Names,
)
from bot.simulator.actions.workflow.steps import JOB_STEP, USES, check_identifier, read_steps

MAX_JOBS = 256
MAX_TIMEOUT = 35 * 24 * 60
"""Minutes; a run lives no longer than 35 days."""


def read_jobs(node: Node) -> dict[str, Job]:
    if not isinstance(node, Mapping):
        raise node.place.error("A mapping was expected")
    if not node.entries:
        raise node.place.error("The workflow must contain at least one job")
    if len(node.entries) > MAX_JOBS:
        raise node.place.error(f"The workflow has more than {MAX_JOBS} jobs")
    folded: set[str] = set()
    for key in node.entries:
        if key.upper() in folded:
            raise node.keys[key].error(f"'{key}' is already defined")
        folded.add(key.upper())
    jobs = {key: _job(key, value, node.keys[key]) for key, value in node.entries.items()}
    _check_graph(jobs, node.keys)
    return jobs


def _job(identifier: str, node: Node, place: Place) -> Job:
    check_identifier(identifier, place)
    fields = Fields(node)
    shared: dict[str, Any] = {
        "id": identifier,
        "name": fields.text("name", JOB_NAME),
        "needs": fields.texts("needs") or (),
        "condition": fields.condition(JOB_IF),
        "strategy": _strategy(fields.take("strategy")),
        "permissions": read_permissions(fields.take("permissions")),
        "concurrency": read_concurrency(fields.take("concurrency"), JOB_SETTING),
    }
    job = _call(fields, shared) if "uses" in fields.left else _work(fields, shared)
    fields.finish()
    return job


def _work(fields: Fields, shared: Map[str, Any]) -> Job:
    steps = fields.take("steps")
    timeout = fields.number("timeout-minutes", JOB_SETTING)
    cancel_timeout = fields.number("cancel-timeout-minutes", JOB_SETTING)
    if isinstance(timeout, int | float) and not 0 < timeout <= MAX_TIMEOUT:
        raise fields.place.error(f"timeout-minutes {timeout} is out of range")
    return Job(
        **shared,
        runs_on=_runs_on(fields.need("runs-on")),
        env=fields.data("env", JOB_ENV) or {},
        outputs=fields.mapping("outputs", JOB_OUTPUTS),
        defaults=read_defaults(fields.take("defaults"), JOB_DEFAULTS),
        environment=_environment(fields.take("environment")),
        steps=() if steps is None else read_steps(steps, JOB_STEP),
        timeout_minutes=360 if timeout is None else timeout,
        cancel_timeout_minutes=5 if cancel_timeout is None else cancel_timeout,
        continue_on_error=fields.flag("continue-on-error", JOB_SETTING),
    )


def _call(fields: Fields, shared: Map[str, Any]) -> Job:
    uses = fields.need("uses")
    called = text(uses)
    path = called.split("@")[0]
    if not USES.fullmatch(called) or called.startswith("docker:") or ".." in path.split("/"):
        raise uses.place.error(f"invalid value workflow reference: {called[:200]!r}")
    if "/.github/workflows/" not in f"/{path.removeprefix('./')}":
        message = "references to workflows must be rooted in '.github/workflows'"
        raise uses.place.error(f"invalid value workflow reference: {message}")
    return Job(
        **shared,
        uses=called,
        inputs=fields.data("with", JOB_SETTING) or {},
        secrets=_secrets(fields.take("secrets")),
    )


def _secrets(node: Node | None) -> Map[str, str] | Literal["inherit"]:
    if node is None:
        return {}
    if isinstance(node, Scalar):
        if node.value == "inherit":
            return "inherit"
        raise node.place.error(f"Unexpected value '{node.text[:200]}'")
    return text_mapping(node, JOB_SECRETS)


def _strategy(node: Node | None) -> Strategy | None:
    if node is None:
        return None
    fields = Fields(node)
    limit = fields.number("max-parallel", STRATEGY)
    matrix = fields.take("matrix")
    strategy = Strategy(
        matrix=None if matrix is None else _matrix(matrix),
        fail_fast=fields.flag("fail-fast", STRATEGY, default=True),
        max_parallel=int(limit) if isinstance(limit, int | float) else limit,
    )
    fields.finish()
    return strategy


def _matrix(node: Node) -> Any:
    if isinstance(node, Mapping):
        for key, value in node.entries.items():
            if isinstance(value, Sequence) and not value.items:
                raise value.place.error(f"Matrix vector '{key}' does not contain any values")
            if not isinstance(value, Sequence) and not _is_expression(value):
                raise value.place.error("A sequence was expected")
    elif not _is_expression(node):
        raise node.place.error("A mapping was expected")
    return data(node, STRATEGY)


def _is_expression(node: Node) -> bool:
    return isinstance(node, Scalar) and has_expression(node.text)


def _runs_on(node: Node) -> Any:
    """A label, a list of labels, or `{group, labels}`; every label is served by this machine."""
    if isinstance(node, Mapping):
        fields = Fields(node)
        fields.text("group", JOB_SETTING)
        labels = fields.take("labels")
        fields.finish()
        return [] if labels is None else _runs_on(labels)
    if isinstance(node, Scalar) and not node.text:
        raise node.place.error("Unexpected value ''")
    return data(node, JOB_SETTING)


def _environment(node: Node | None) -> str:
    if node is None or isinstance(node, Scalar):
        return "" if node is None else text(node, JOB_SETTING)
    fields = Fields(node)
    name = text(fields.need("name"), JOB_SETTING)
    fields.text("url", JOB_OUTPUTS)
    fields.flag("deployment")
    fields.finish()
    return name


def read_concurrency(node: Node | None, names: Names) -> Concurrency | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        return Concurrency(text(node, names))
    fields = Fields(node)
    cancel = fields.take("cancel-in-progress")
    concurrency = Concurrency(
        text(fields.need("group"), names), False if cancel is None else flag(cancel, names)
    )
    fields.finish()
    return concurrency


def read_defaults(node: Node | None, names: Names) -> Defaults:
    if node is None:
        return Defaults()
    fields = Fields(node)
    run = Fields(fields.need("run"))
    defaults = Defaults(run.text("shell", names), run.text("working-directory", names))
    run.finish()
    fields.finish()
    return defaults


def _check_graph(jobs: Map[str, Job], places: Map[str, Place]) -> None:
    """Every need exists, and no job waits for itself."""
    done: set[str] = set()
    for job in jobs.values():
        for need in job.needs:
            if need not in jobs:
                message = f"Job '{job.id}' depends on unknown job '{need[:200]}'."
                raise places[job.id].error(message)
    while ready := [j for j in jobs if j not in done and done.issuperset(jobs[j].needs)]:
        done.update(ready)
    for name, job in jobs.items():
        if name not in done:
            needs = ", ".join(job.needs)
            raise places[name].error(f"Job '{name}' waits for itself through its needs: {needs}")
