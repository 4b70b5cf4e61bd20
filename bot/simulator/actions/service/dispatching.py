"""workflow_dispatch: what was sent against what the workflow asks for, and the run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.simulator.actions.service.engine import Engine
from bot.simulator.actions.service.records import Cause
from bot.simulator.actions.workflow import model
from bot.simulator.actions.workflow.document import WorkflowError
from bot.simulator.actions.workflow.model import Input
from bot.simulator.domain.announcing import event_of
from bot.simulator.errors import ApiError
from bot.simulator.events import Event
from bot.simulator.git import UnknownObject
from bot.simulator.identity.caller import Caller
from bot.simulator.records.actions import Run, Workflow
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

MAX_INPUTS = 25
MAX_CHARACTERS = 65_535
"""Of all inputs together."""
MAX_DIGITS = 300
"""More than a number of JSON can hold."""
NUMBER = re.compile(r"-?\d+(\.\d+)?")


async def dispatch(
    engine: Engine,
    caller: Caller,
    repository: Repository,
    workflow: Workflow,
    ref: str,
    inputs: Mapping[str, Any],
) -> Run:
    """Starts the workflow as it is at the ref.

    Raises:
        ApiError: 422 for a wrong ref, workflow or input; 403 where Actions are switched off, or a
            policy does not allow it.
    """
    world = engine.world
    _check_allowed(world, repository, workflow)
    full, sha = await _resolve(world, repository, ref)
    loaded = await engine.files.one(repository, sha, workflow.path)
    if isinstance(loaded, WorkflowError):
        raise ApiError(422, f"failed to parse workflow: {loaded}"[:1000])
    if loaded is None or "workflow_dispatch" not in loaded.triggers:
        raise ApiError(422, "Workflow does not have 'workflow_dispatch' trigger")
    texts = checked_inputs(loaded, inputs)
    told = event_of(
        *(world, "workflow_dispatch", None, caller, repository),
        ref=full,
        workflow=workflow.path,
        inputs=texts or None,
    )
    typed = _typed(loaded.triggers["workflow_dispatch"].inputs, texts)
    cause = _cause(told, full, sha, typed)
    run = await engine.starter.start(repository, workflow.path, loaded, cause)
    if run is None:
        raise ApiError(422, f"No ref found for: {ref[:200]}")
    world.hub.tell(told)
    engine.launch(run)
    return run


def _check_allowed(world: World, repository: Repository, workflow: Workflow) -> None:
    if not repository.actions_enabled:
        raise ApiError(403, "Actions has been disabled for this repository.")
    if world.faults.wants("event_refused", "workflow_dispatch"):
        raise ApiError(403, "Event 'workflow_dispatch' is not allowed")
    if workflow.state != "active":
        raise ApiError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")


def _cause(told: Event, ref: str, sha: str, inputs: Mapping[str, Any]) -> Cause:
    assert told.caller.actor is not None
    return Cause(
        event="workflow_dispatch",
        payload=told.payload,
        actor=told.caller.actor,
        ref=ref,
        sha=sha,
        head_sha=sha,
        head_branch=ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        inputs=inputs,
    )


async def _resolve(world: World, repository: Repository, ref: str) -> tuple[str, str]:
    """A branch, a tag or the full name of either."""
    git = world.git(repository)
    for full in (ref, f"refs/heads/{ref}", f"refs/tags/{ref}"):
        if full.startswith(("refs/heads/", "refs/tags/")) and git.ref(full) is not None:
            try:
                return full, await git.resolve(full)
            except UnknownObject:
                break
    raise ApiError(422, f"No ref found for: {ref[:200]}")


def checked_inputs(workflow: model.Workflow, given: Mapping[str, Any]) -> dict[str, str]:
    """All inputs as texts, defaults filled in. Raises ApiError, 422."""
    declared = workflow.triggers["workflow_dispatch"].inputs
    if len(given) > MAX_INPUTS:
        raise ApiError(422, f"Too many inputs: at most {MAX_INPUTS} are allowed")
    texts = {name: _text(value) for name, value in given.items()}
    if sum(len(name) + len(value) for name, value in texts.items()) > MAX_CHARACTERS:
        raise ApiError(422, "inputs are too large.")
    known = {name.lower(): name for name in declared}
    unexpected = [name for name in texts if name.lower() not in known]
    if unexpected:
        raise ApiError(422, f"Unexpected inputs provided: {json.dumps(unexpected)}")
    named = {known[name.lower()]: value for name, value in texts.items()}
    return {
        name: _checked(entry, named[name]) if name in named else _default(entry)
        for name, entry in declared.items()
    }


def _default(entry: Input) -> str:
    if entry.default is not None:
        return _text(entry.default)
    if entry.required:
        raise ApiError(422, f"Required input '{entry.name}' not provided")
    return "false" if entry.type == "boolean" else ""


def _checked(entry: Input, value: str) -> str:
    if entry.required and not value:
        raise ApiError(422, f"Required input '{entry.name}' not provided")
    shown = value[:100]
    if entry.type == "choice" and value not in entry.options:
        raise ApiError(
            422,
            f"Provided value '{shown}' for input '{entry.name}' not in the list of allowed values",
        )
    if entry.type == "boolean" and value not in ("true", "false", ""):
        raise ApiError(422, f"Provided value '{shown}' for input '{entry.name}' is not a boolean")
    if entry.type == "number" and value and not _is_number(value):
        raise ApiError(422, f"Provided value '{shown}' for input '{entry.name}' is not a number")
    return value


def _is_number(text: str) -> bool:
    return len(text) <= MAX_DIGITS and NUMBER.fullmatch(text) is not None


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return json.dumps(value)


def _typed(declared: Mapping[str, Input], texts: Mapping[str, str]) -> dict[str, Any]:
    """As the context `inputs` has them; the event keeps the texts."""
    kinds = {name: entry.type for name, entry in declared.items()}
    return {name: _value(kinds[name], text) for name, text in texts.items()}


def _value(kind: str, text: str) -> Any:
    if kind == "boolean":
        return text == "true"
    if kind == "number" and text:
        return float(text) if "." in text else int(text)
    return text
