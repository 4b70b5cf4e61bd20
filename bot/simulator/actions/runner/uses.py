"""A `uses` step: a built-in stand-in, or a composite action of this machine's repositories."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.simulator.actions.builtin.registry import BUILTINS
from bot.simulator.actions.expressions.template import compute_tree, render
from bot.simulator.actions.expressions.values import to_text
from bot.simulator.actions.runner.composite import run_composite
from bot.simulator.actions.runner.files import FileCommandError, read_file
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.inside import folder as make_folder
from bot.simulator.actions.runner.job import JobRun
from bot.simulator.actions.runner.script import env_lines, run_script
from bot.simulator.actions.runner.step import Running
from bot.simulator.actions.runner.use import Use
from bot.simulator.actions.workflow.document import MAX_BYTES, WorkflowError
from bot.simulator.actions.workflow.loader import load_action
from bot.simulator.actions.workflow.model import Action

NAMES = ("action.yml", "action.yaml")
REMOTE = re.compile(r"([\w.-]+)/([\w.-]+)((?:/[\w.-]+)*)@(\S+)")
WARNED = "Unexpected input(s) {}, valid inputs are [{}]"


@dataclass(frozen=True)
class Found:
    """An action's files: where, and of which repository, ref and commit; empty for a local one."""

    folder: Path
    repository: str = ""
    ref: str = ""
    commit: str = ""


async def carry_out(running: Running) -> None:
    await (run_use if running.step.run is None else run_script)(running)


async def run_use(running: Running) -> None:
    """Raises StepFailed, by name, for an action that nothing here can run."""
    uses = running.step.uses or ""
    given = {k: to_text(v) for k, v in compute_tree(running.step.inputs, running.scope).items()}
    _head(running, uses, given)
    builtin = BUILTINS.get(uses.partition("@")[0].lower())
    if builtin is not None:
        inputs = _with_defaults(running, builtin.inputs, given)
        await builtin.run(Use(running, uses, inputs))
        return
    if uses.startswith("docker://"):
        raise StepFailed(f"{uses}: container actions are not supported by this simulator")
    found = await find(running.job, uses)
    action = _load(running.job.folders.root, found, uses)
    if action.using != "composite":
        raise StepFailed(unknown(uses, f"it runs with {action.using!r}"))
    if running.frame.depth >= running.job.settings.limits.steps_nested:
        raise StepFailed(f"{uses}: composite actions are nested too deep")
    defaults = {name: to_text(entry.default) for name, entry in action.inputs.items()}
    inputs = _with_defaults(running, defaults, given)
    origin = (found.repository, found.ref)
    await run_composite(running, action, inputs, found.folder, origin, carry_out)


def unknown(uses: str, why: str) -> str:
    known = ", ".join(sorted(BUILTINS))
    return (
        f"Unable to run action {uses!r}: {why}. Known are {known}, and composite actions of the"
        " repositories here."
    )


async def find(job: JobRun, uses: str) -> Found:
    if uses.startswith("./"):
        return Found(job.folders.workspace / uses)
    match = REMOTE.fullmatch(uses)
    if match is None:
        raise StepFailed(unknown(uses, "it is not of the form owner/repo@ref"))
    owner, name, path, ref = match.groups()
    repository = f"{owner}/{name}"
    commit = job.actions.get(f"{repository}@{ref}") or await job.host.resolve(repository, ref)
    if commit is None:
        raise StepFailed(unknown(uses, "repository or version not found"))
    job.actions[f"{repository}@{ref}"] = commit
    folder = job.folders.actions / owner / name / commit
    if folder not in job.exported:
        with make_folder(job.folders.root, folder):
            await job.host.export(repository, commit, folder)
        job.exported.add(folder)
    return Found(folder / path.strip("/"), repository, ref, commit)


def _load(root: Path, found: Found, uses: str) -> Action:
    for name in NAMES:
        try:
            content = read_file(root, found.folder / name, MAX_BYTES)
            if content:
                return load_action(content.encode(), f"{uses}/{name}")
        except (FileCommandError, WorkflowError) as error:
            raise StepFailed(f"{uses}: {error}") from error
    message = f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{found.folder}'."
    raise StepFailed(
        f"{message} Did you forget to run actions/checkout before running your local action?"
    )


def _with_defaults(
    running: Running, defaults: Mapping[str, str], given: dict[str, str]
) -> dict[str, str]:
    """Names ignore case; one the action does not know is warned of, as on GitHub."""
    names = {name.lower(): name for name in defaults}
    unexpected = [name for name in given if name.lower() not in names]
    if unexpected:
        text = WARNED.format(", ".join(map(repr, unexpected)), ", ".join(map(repr, defaults)))
        running.job.warn(text)
    values = {names[k.lower()]: v for k, v in given.items() if k.lower() in names}
    return {**{k: render(v, running.scope) for k, v in defaults.items()}, **values}


def _head(running: Running, uses: str, given: dict[str, str]) -> None:
    lines = ["with:", *(f"  {name}: {value}" for name, value in given.items())] if given else []
    env = {**running.job.env, **running.frame.env, **running.env}
    running.job.log.group(f"Run {uses}", [*lines, *env_lines(env)])
