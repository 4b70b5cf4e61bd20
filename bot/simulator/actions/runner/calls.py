"""Finds the reusable workflows a workflow calls and checks them before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.simulator.actions.host import Host
from bot.simulator.actions.workflow.document import WorkflowError
from bot.simulator.actions.workflow.loader import load_workflow
from bot.simulator.actions.workflow.model import Job, Permissions, Trigger, Workflow
from bot.simulator.actions.workflow.permissions import excess

MAX_DEPTH = 10
"""GitHub's limit on levels of workflows, the first included."""
MAX_CALLS = 50
"""GitHub's limit on the workflows one run calls."""
REMOTE = re.compile(r"([\w.-]+/[\w.-]+)/(\.github/workflows/[\w.-]+\.ya?ml)@(\S+)")
LOCAL = re.compile(r"\./(\.github/workflows/[\w.-]+\.ya?ml)")


@dataclass(frozen=True)
class Tree:
    """A workflow with those its jobs call, by the id of the job."""

    workflow: Workflow
    calls: Mapping[str, Tree] = field(default_factory=dict)


@dataclass
class Finder:
    """`repository` and `commit` in `load` are where the calling file stands: `./` means these."""

    host: Host
    count: int = 0

    async def load(
        self, workflow: Workflow, repository: str, commit: str, allowed: Permissions, depth: int = 1
    ) -> Tree:
        """Raises WorkflowError for whatever makes GitHub refuse the run: a startup failure."""
        calls: dict[str, Tree] = {}
        for job in workflow.jobs.values():
            if not job.uses:
                continue
            self.count += 1
            if depth >= MAX_DEPTH:
                raise WorkflowError(
                    f"Nested reusable workflow depth exceeded {MAX_DEPTH}.", job.uses
                )
            if self.count > MAX_CALLS:
                raise WorkflowError(f"More than {MAX_CALLS} workflows are called", workflow.path)
            granted = job.permissions or workflow.permissions or allowed
            called, where = await self._called(job, repository, commit)
            _check_call(workflow, job, called, granted)
            calls[job.id] = await self.load(called, *where, granted, depth + 1)
        return Tree(workflow, calls)

    async def _called(
        self, job: Job, repository: str, commit: str
    ) -> tuple[Workflow, tuple[str, str]]:
        local, remote = LOCAL.fullmatch(job.uses), REMOTE.fullmatch(job.uses)
        found: str | None = commit
        if local is not None:
            path = local[1]
        elif remote is not None:
            repository, path = remote[1], remote[2]
            found = await self.host.resolve(repository, remote[3])
        else:
            raise WorkflowError(f"invalid value workflow reference: {job.uses[:200]!r}", job.id)
        content = None if found is None else await self.host.file_at(repository, found, path)
        if found is None or content is None:
            raise WorkflowError(
                f'error parsing called workflow "{job.uses}": workflow was not found.', job.id
            )
        return load_workflow(content, job.uses), (repository, found)


def _check_call(caller: Workflow, job: Job, called: Workflow, granted: Permissions) -> None:
    trigger = called.triggers.get("workflow_call")
    if trigger is None:
        message = (
            f"workflow is not reusable as it is missing a `on.workflow_call` trigger: {job.uses}"
        )
        raise WorkflowError(message, caller.path)
    _check_inputs(caller, job, trigger)
    _check_secrets(caller, job, trigger)
    _check_permissions(caller, job, called, granted)


def _check_inputs(caller: Workflow, job: Job, trigger: Trigger) -> None:
    for name in job.inputs:
        if name not in trigger.inputs:
            message = f"Invalid input, {name} is not defined in the referenced workflow."
            raise WorkflowError(message, caller.path)
    for name, declared in trigger.inputs.items():
        if declared.required and name not in job.inputs:
            message = f"Input {name} is required, but not provided while calling."
            raise WorkflowError(message, caller.path)


def _check_secrets(caller: Workflow, job: Job, trigger: Trigger) -> None:
    if job.secrets == "inherit":
        return
    for name in job.secrets:
        if name not in trigger.secrets:
            message = f"Invalid secret, {name} is not defined in the referenced workflow."
            raise WorkflowError(message, caller.path)
    for name, required in trigger.secrets.items():
        if required and name not in job.secrets:
            message = f"Secret {name} is required, but not provided while calling."
            raise WorkflowError(message, caller.path)


def _check_permissions(caller: Workflow, job: Job, called: Workflow, granted: Permissions) -> None:
    asked = [(f"The workflow '{job.uses}'", called.permissions)] + [
        (f"The nested job '{nested.id}'", nested.permissions) for nested in called.jobs.values()
    ]
    for who, wanted in asked:
        more = excess(wanted, granted)
        if more:
            only = ", ".join(
                f"{s}: {granted.get(s, 'none')}" for s in (m.split(":")[0] for m in more)
            )
            raise WorkflowError(
                f"Error calling workflow '{job.uses}'. {who} is requesting '{', '.join(more)}', but"
                f" is only allowed '{only}'.",
                caller.path,
            )
