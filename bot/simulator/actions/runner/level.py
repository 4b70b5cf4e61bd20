"""One workflow of a run, the first or a called one, and the orders its jobs become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.evaluator import Scope
from bot.simulator.actions.expressions.template import compute, compute_tree, render
from bot.simulator.actions.expressions.values import is_true, to_number, to_text
from bot.simulator.actions.runner.calls import Tree
from bot.simulator.actions.runner.matrix import Combination, expand, label
from bot.simulator.actions.runner.order import JobOrder
from bot.simulator.actions.workflow.model import Concurrency, Defaults, Job, Permissions
from bot.simulator.actions.workflow.permissions import shrunk

MAX_MINUTES = 1e6


@dataclass(frozen=True)
class Level:
    tree: Tree
    contexts: Mapping[str, Any]
    """github, inputs, vars, secrets."""
    allowed: Permissions
    key: str = ""
    """The keys of the calling jobs, with a slash at the end."""
    name: str = ""
    """Their names, with ` / ` at the end."""
    held: frozenset[str] = frozenset()
    """The concurrency groups, in lower case, that the run and the calling jobs are in."""

    def scope(self, **more: Any) -> Scope:
        return Scope({**self.contexts, **more})


@dataclass(frozen=True)
class Instance:
    """A job with one combination of its matrix; `key` is the same in every attempt."""

    job: Job
    key: str
    name: str
    contexts: Mapping[str, Any] = field(default_factory=dict)


def instances(level: Level, job: Job, needs: Mapping[str, Any]) -> tuple[list[Instance], bool, int]:
    """The jobs a job expands to, whether one's failure stops the others, how many run at once.

    Raises ExpressionError or MatrixError.
    """
    scope = level.scope(needs=needs)
    strategy = job.strategy
    matrix = None if strategy is None else strategy.matrix
    combinations = [] if matrix is None else expand(compute_tree(matrix, scope))
    fail_fast = True if strategy is None else is_true(_computed(strategy.fail_fast, scope))
    total = max(len(combinations), 1)
    limit = to_number(_computed(strategy.max_parallel, scope)) if strategy else 0
    parallel = int(limit) if 0 < limit < total else total
    shared = {"fail-fast": fail_fast, "job-total": total, "max-parallel": parallel}
    found = list(_instances(level, job, needs, combinations, shared))
    return found, fail_fast, parallel


def _instances(
    level: Level,
    job: Job,
    needs: Mapping[str, Any],
    combinations: list[Combination],
    strategy: Mapping[str, Any],
) -> Iterator[Instance]:
    for index, combination in enumerate(combinations or [{}]):
        contexts = {
            **{"needs": needs, "matrix": combination or None},
            "strategy": {**strategy, "job-index": index},
        }
        name = render(job.name, level.scope(**contexts)) if job.name else job.id
        suffix = f" ({label(combination)})" if combination else ""
        shown = name if "matrix." in job.name else name + suffix
        yield Instance(job, f"{level.key}{job.id}{suffix}", level.name + shown, contexts)


def skipped_instance(level: Level, job: Job) -> Instance:
    return Instance(job, f"{level.key}{job.id}", level.name + (job.name or job.id))


def order_of(level: Level, instance: Instance) -> JobOrder:
    """Computes what the job's keys hold. Raises ExpressionError."""
    job, workflow = instance.job, level.tree.workflow
    scope = level.scope(**instance.contexts)
    env = _env(workflow.env, level.scope()) | _env(job.env, scope)
    timeout = to_number(_computed(job.timeout_minutes, scope))
    if not 0 < timeout <= MAX_MINUTES:
        raise ExpressionError(f"timeout-minutes is {to_text(timeout)}")
    cancel_timeout = to_number(_computed(job.cancel_timeout_minutes, scope))
    if not 0 <= cancel_timeout <= MAX_MINUTES:
        raise ExpressionError(f"cancel-timeout-minutes is {to_text(cancel_timeout)}")
    return JobOrder(
        key=instance.key,
        name=instance.name,
        job=job,
        contexts={**level.contexts, **instance.contexts},
        permissions=permissions_of(level, job),
        env=env,
        defaults=_defaults(job.defaults, workflow.defaults, scope, env),
        labels=_labels(compute_tree(job.runs_on, scope)),
        timeout_minutes=timeout,
        cancel_timeout_minutes=cancel_timeout,
        continue_on_error=is_true(_computed(job.continue_on_error, scope)),
        concurrency=turn_of(level, instance),
    )


def permissions_of(level: Level, job: Job) -> Permissions:
    """Of the job, else of its workflow, else of the caller; never more than the caller has."""
    wanted = job.permissions if job.permissions is not None else level.tree.workflow.permissions
    if not level.key:
        return level.allowed if wanted is None else wanted
    return shrunk(wanted, level.allowed)


def turn_of(level: Level, instance: Instance) -> Concurrency | None:
    return _computed_turn(instance.job.concurrency, level.scope(**instance.contexts))


def own_turn(level: Level) -> Concurrency | None:
    """Of a called workflow's own `concurrency`."""
    return _computed_turn(level.tree.workflow.concurrency, level.scope())


def _computed_turn(concurrency: Concurrency | None, scope: Scope) -> Concurrency | None:
    if concurrency is None:
        return None
    cancel = is_true(_computed(concurrency.cancel_in_progress, scope))
    return replace(concurrency, group=render(concurrency.group, scope), cancel_in_progress=cancel)


def called_level(level: Level, instance: Instance) -> Level:
    """The level of the workflow the job calls. Raises ExpressionError for wrong inputs."""
    job, tree = instance.job, level.tree.calls[instance.job.id]
    scope = level.scope(**instance.contexts)
    secrets: Mapping[str, str] = (
        level.contexts["secrets"]
        if job.secrets == "inherit"
        else {name: render(value, scope) for name, value in job.secrets.items()}
    )
    contexts = {
        **level.contexts,
        **{"inputs": _inputs(tree, compute_tree(job.inputs, scope), level), "secrets": secrets},
    }
    name = f"{instance.name} / "
    allowed = permissions_of(level, job)
    return Level(tree, contexts, allowed, f"{instance.key}/", name, level.held)


def _inputs(tree: Tree, given: Mapping[str, Any], level: Level) -> dict[str, Any]:
    declared = tree.workflow.triggers["workflow_call"].inputs
    defaults = {"string": "", "boolean": False, "number": 0}
    values: dict[str, Any] = {}
    for name, entry in declared.items():
        fallback = defaults.get(entry.type, "") if entry.default is None else entry.default
        value = given.get(name, compute_tree(fallback, level.scope()))
        values[name] = to_text(value) if entry.type == "string" else value
        if not _is_kind(value, entry.type):
            raise ExpressionError(f"Unexpected value '{to_text(value)[:200]}' for input {name}")
    return values


def _is_kind(value: Any, kind: str) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return True


def outputs_of(level: Level, jobs: Mapping[str, Any]) -> dict[str, str]:
    """What a called workflow gives its caller. Raises ExpressionError."""
    trigger = level.tree.workflow.triggers["workflow_call"]
    scope = level.scope(jobs=jobs)
    return {name: render(value, scope) for name, value in trigger.outputs.items()}


def _env(written: Any, scope: Scope) -> dict[str, str]:
    computed = compute_tree(written, scope)
    if not isinstance(computed, Mapping):
        raise ExpressionError("`env` is not a mapping")
    return {name: to_text(value) for name, value in computed.items()}


def _defaults(job: Defaults, workflow: Defaults, scope: Scope, env: Mapping[str, str]) -> Defaults:
    inner = scope.extended(env=dict(env))
    return Defaults(
        render(job.shell, inner) or workflow.shell,
        render(job.working_directory, inner) or workflow.working_directory,
    )


def _labels(computed: Any) -> tuple[str, ...]:
    if isinstance(computed, list | tuple):
        return tuple(to_text(item) for item in computed)
    return (to_text(computed),)


def _computed(value: Any, scope: Scope) -> Any:
    return compute(value, scope) if isinstance(value, str) else value
