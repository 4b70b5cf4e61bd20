"""One job from its set-up to its clean-up."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.template import condition_holds
from bot.simulator.actions.expressions.values import to_text
from bot.simulator.actions.host import Annotation, Conclusion, Host, JobView, StepView
from bot.simulator.actions.runner.contexts import (
    github_variables,
    runner_context,
    runner_variables,
)
from bot.simulator.actions.runner.folders import folders_of, lay_out, remove
from bot.simulator.actions.runner.frame import Frame, Level, Status
from bot.simulator.actions.runner.globs import GlobError, hash_files
from bot.simulator.actions.runner.inside import write_file
from bot.simulator.actions.runner.log import JobLog
from bot.simulator.actions.runner.masks import Masker
from bot.simulator.actions.runner.order import JobOrder
from bot.simulator.actions.runner.process import Command, Ended, Supervisor
from bot.simulator.actions.runner.request import RunRequest, Settings


@dataclass
class Post:
    """What an action does when the job ends."""

    name: str
    act: Callable[[], Awaitable[None]]
    only_on_success: bool = False


@dataclass
class JobRun:
    """A job that is being run, as its steps see it."""

    order: JobOrder
    request: RunRequest
    host: Host
    settings: Settings
    env: dict[str, str] = field(default_factory=dict)
    """Of the workflow and the job, and what steps put into GITHUB_ENV."""
    path: list[str] = field(default_factory=list)
    """What steps put in front of PATH, the newest first."""
    posts: list[Post] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    status: Status = field(default_factory=Status)
    outputs: dict[str, str] = field(default_factory=dict)
    debug: bool = False
    lost: bool = False
    """Whether its runner went away: a failure that no step can mend."""
    actions: dict[str, str] = field(default_factory=dict)
    """The commits of the remote actions that were looked up, by `owner/repo@ref`."""
    exported: set[Path] = field(default_factory=set)
    """The folders of remote actions whose files are there."""

    def __post_init__(self) -> None:
        order, settings = self.order, self.settings
        self.folders = folders_of(
            *(settings.work, self.request.run_id, self.request.attempt),
            *(order.key, self.request.repository),
        )
        self.masker = Masker()
        self.log = JobLog(self.host, order.key, self.masker, settings.now)
        self.supervisor = Supervisor(
            self.folders.private, settings.limits, settings.delays, f"github_{uuid.uuid4().hex}"
        )
        self.view = JobView(
            *(order.key, order.name, "in_progress"),
            labels=order.labels,
            started_at=settings.now(),
        )
        self.runner = runner_context(settings, self.folders.temp, self.folders.tools)

    async def begin(self) -> Frame:
        """Folders, token, supervisor; gives the frame of the job's steps."""
        await asyncio.to_thread(lay_out, self.folders)
        token = await self.host.mint_token(self.order.key, self.order.permissions)
        secrets = {**self.order.contexts["secrets"], "GITHUB_TOKEN": token}
        for secret in secrets.values():
            self.masker.add(secret)
        self.debug = self.request.debug or "true" in (
            secrets.get("ACTIONS_STEP_DEBUG"),
            self.request.vars.get("ACTIONS_STEP_DEBUG"),
        )
        write_file(self.folders.temp, self.folders.event, json.dumps(self.request.event).encode())
        github = {
            **self.order.contexts["github"],
            **{"token": token, "job": self.order.job.id},
            "event_path": str(self.folders.event),
            "workspace": str(self.folders.workspace),
        }
        contexts = {**self.order.contexts, "github": github, "secrets": secrets}
        self.env.update(self.order.env)
        if self.debug:
            self.env["RUNNER_DEBUG"] = "1"
        await self.supervisor.start(self.folders.root)
        return Frame({**contexts, "runner": self.runner}, self.status, self.order.defaults)

    async def end(self) -> None:
        """Nothing of the job is left afterwards, neither processes nor files."""
        killed = await self.supervisor.close()
        if killed:
            self.log.write("Cleaning up orphan processes")
        for pid, name in killed:
            self.log.write(f"Terminate orphan process: pid ({pid}) ({name})")
        self.log.flush()
        await asyncio.to_thread(remove, self.folders)

    def cancel(self) -> None:
        """Steps whose condition holds all the same go on; the running one is asked to end."""
        self.status.stopped = True
        if not self.levels:
            return
        level = self.levels[-1]
        try:
            if condition_holds(level.condition, level.scope):
                return
        except ExpressionError:
            pass
        level.stop.set()

    def time_out(self, level: Level) -> None:
        """The level's time is up: whatever runs at its top is asked to end."""
        level.timed_out = True
        if self.levels:
            self.levels[-1].stop.set()

    def hash_files(self, patterns: Sequence[Any]) -> str:
        """Raises ExpressionError for patterns that reach outside, and for too many bytes."""
        try:
            return hash_files(self.folders.workspace, map(to_text, patterns))
        except (GlobError, OSError) as error:
            raise ExpressionError(f"hashFiles failed: {error}") from error

    def variables(self, github: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a process: built from nothing, never the server's own."""
        return {
            **{"LANG": "C.UTF-8", "HOME": str(self.folders.home), "CI": "true"},
            **self.settings.env,
            **env,
            **{"GITHUB_ACTIONS": "true", "RUNNER_WORKSPACE": str(self.folders.workspace.parent)},
            **github_variables(github),
            **runner_variables(self.runner),
            "PATH": ":".join([*self.path, env.get("PATH", self.settings.path)]),
        }

    async def run_process(self, command: Command, sink: Callable[[str], None]) -> Ended:
        return await self.supervisor.run(command, sink, self.levels[-1].stop)

    def say(self, line: str) -> None:
        self.log.write(line)

    def hide(self, value: str) -> None:
        self.masker.add(value)

    def annotate(self, annotation: Annotation) -> None:
        masked = replace(
            annotation,
            message=self.masker.mask(annotation.message),
            title=self.masker.mask(annotation.title),
            path=self.masker.mask(annotation.path),
        )
        self.host.annotate(self.order.key, self.log.step, masked)

    def summarize(self, markdown: str) -> None:
        self.host.summarize(self.order.key, self.log.step, self.masker.mask(markdown))

    def fail(self, message: str) -> None:
        """Logs an error as GitHub does, with its annotation."""
        self.say(f"##[error]{message}")
        self.annotate(Annotation("failure", message))

    def warn(self, message: str) -> None:
        self.say(f"##[warning]{message}")
        self.annotate(Annotation("warning", message))

    def show(self, **changes: Any) -> None:
        self.view = replace(self.view, **changes)
        self.host.job_changed(self.view)

    def open_step(self, name: str) -> int:
        number = len(self.view.steps) + 1
        shown = self.masker.mask(name)
        step = StepView(number, shown, "in_progress", started_at=self.settings.now())
        self.log.begin(number)
        self.show(steps=(*self.view.steps, step))
        return number

    def close_step(self, number: int, conclusion: Conclusion) -> None:
        self.log.flush()
        steps = tuple(
            replace(s, status="completed", conclusion=conclusion, completed_at=self.settings.now())
            if s.number == number
            else s
            for s in self.view.steps
        )
        self.show(steps=steps)

    def skip_step(self, name: str) -> None:
        number = len(self.view.steps) + 1
        shown = self.masker.mask(name)
        self.show(steps=(*self.view.steps, StepView(number, shown, "completed", "skipped")))
