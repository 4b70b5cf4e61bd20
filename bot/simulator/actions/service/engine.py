"""Runs workflows in a world: hears what happens, starts runs, sees them through."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.template import compute, render
from bot.simulator.actions.expressions.values import is_true
from bot.simulator.actions.host import JobView
from bot.simulator.actions.runner.limits import Delays
from bot.simulator.actions.runner.request import RunRequest, Settings
from bot.simulator.actions.runner.run import WorkflowRun
from bot.simulator.actions.service.files import WorkflowFiles, note_workflows
from bot.simulator.actions.service.groups import Groups
from bot.simulator.actions.service.hearing import Occasion, occasion_of
from bot.simulator.actions.service.host import StateHost
from bot.simulator.actions.service.interruptions import end_interrupted, explain
from bot.simulator.actions.service.records import complete, set_status
from bot.simulator.actions.service.requesting import entry_scope, request_for
from bot.simulator.actions.service.starting import Starter
from bot.simulator.actions.service.storage import Storage
from bot.simulator.actions.workflow.document import WorkflowError
from bot.simulator.events import Event
from bot.simulator.records.actions import Run, RunConclusion

if TYPE_CHECKING:
    from bot.simulator.world import World

log = logging.getLogger(__name__)

LEAST_JOBS = 2
STOPPED = "The run was stopped together with the simulator."
SUPERSEDED = "Canceling since a higher priority waiting request for {!r} exists"


@dataclass
class Live:
    """A run that this process sees through."""

    kept: Mapping[str, JobView] = field(default_factory=dict)
    debug: bool = False
    task: asyncio.Task[None] | None = None
    flow: WorkflowRun | None = None
    cancelled: bool = False


class Engine:
    def __init__(self, world: World) -> None:
        self.world = world
        self.storage = Storage(world.folder / "actions")
        self.groups = Groups()
        self.files = WorkflowFiles(world)
        self.starter = Starter(world, self.files)
        self.live: dict[int, Live] = {}
        self.delays = Delays()
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        """Made at the first run: a semaphore belongs to the loop that runs."""
        if self._settings is None:
            home = Path.home() / ".mix"
            self._settings = Settings(
                work=self.storage.work,
                path=os.pathsep.join(os.get_exec_path()),
                slots=asyncio.Semaphore(max(LEAST_JOBS, os.cpu_count() or 1)),
                mix_home=home if home.is_dir() else None,
                delays=self.delays,
            )
        return self._settings

    async def resume(self) -> None:
        """Ends what a stop of the simulator left unfinished; notes the workflows there are."""
        await asyncio.to_thread(self.storage.clear_work)
        end_interrupted(self.world, STOPPED)
        for repository in self.world.tables.repositories:
            git = self.world.git(repository)
            sha = git.ref(f"refs/heads/{repository.default_branch}") if git.exists() else None
            if sha is not None:
                found = await self.files.at(repository, sha)
                note_workflows(self.world, repository, found, whole=True)
        self.world.commit()

    def hear(self, event: Event) -> None:
        """Only makes a note: what may follow begins when the change is durable."""
        if (event.name, event.action) == ("repository", "deleted") and event.repository:
            self._abandon(event.repository.id)
        occasion = occasion_of(self.world, event)
        if occasion is not None:
            self.world.after_commit(lambda: self._follow(occasion))

    def _follow(self, occasion: Occasion) -> None:
        if not self.world.closed:
            self.world.spawn(self._consider(occasion))

    async def _consider(self, occasion: Occasion) -> None:
        for run in await self.starter.consider(occasion):
            self.launch(run)
        self.world.commit()

    def launch(
        self, run: Run, kept: Mapping[str, JobView] | None = None, *, debug: bool = False
    ) -> None:
        """Carries the run's latest attempt out once its record is durable."""
        if run.latest.status != "completed":
            self.live[run.id] = Live(kept or {}, debug)
            self.world.after_commit(lambda: self._begin(run))

    def _begin(self, run: Run) -> None:
        live = self.live.get(run.id)
        if live is not None and not self.world.closed:
            live.task = self.world.spawn(self._see_through(run, live))

    def cancel(self, run: Run, *, force: bool = False) -> None:
        """Asks the run to end, or makes it. It must not be completed."""
        live = self.live.get(run.id)
        if live is None:
            self._complete(run, "cancelled")
            return
        live.cancelled = True
        if live.flow is not None and not force:
            live.flow.cancel()
        elif live.task is not None:
            live.task.cancel()

    def _abandon(self, repository_id: int) -> None:
        """Ends the runs of a repository that is being deleted; nobody hears of their end."""
        for run in self.world.tables.runs.where("repository", repository_id):
            live = self.live.get(run.id)
            if live is not None and live.task is not None:
                live.cancelled = True
                self.world.after_commit(partial(_stop, live.task))

    def _complete(self, run: Run, conclusion: RunConclusion, problem: str = "") -> None:
        """Not of a run that was removed together with its repository."""
        if self.world.tables.runs.get(run.id) is not None:
            complete(self.world, run, conclusion, problem)

    async def _see_through(self, run: Run, live: Live) -> None:
        try:
            await self._carry_out(run, live)
        except asyncio.CancelledError:
            if not live.cancelled:
                explain(self.world, run, STOPPED)
            self._complete(run, "cancelled", "" if live.cancelled else STOPPED)
            if not live.cancelled:
                raise
        except Exception as error:
            # The outermost entry of a run: whatever went wrong, it ends and says so.
            log.exception("workflow run %d failed", run.id)
            self._complete(run, "failure", f"The simulator failed: {type(error).__name__}")
        finally:
            self.live.pop(run.id, None)
            self.world.commit()

    async def _carry_out(self, run: Run, live: Live) -> None:
        if live.cancelled:
            self._complete(run, "cancelled")
            return
        repository = self.world.tables.repositories[run.repository_id]
        path = self.world.tables.workflows[run.workflow_id].path
        loaded = await self.files.one(repository, run.sha or run.head_sha, path)
        if loaded is None or isinstance(loaded, WorkflowError):
            reason = f"Invalid workflow file: {loaded}" if loaded else f"{path} is gone"
            self._complete(run, "failure", reason)
            return
        request = replace(request_for(self.world, run, loaded, live.kept), debug=live.debug)
        try:
            group, cancels = _group(request)
        except ExpressionError as error:
            self._complete(run, "startup_failure", f"{path}: {error}")
            return
        if not group:
            await self._execute(run, live, request)
            return
        key = (run.repository_id, group.lower())
        turn = self.groups.turn(
            key, cancels, lambda: self.cancel(run), lambda: self._show_pending(run)
        )
        async with turn as mine:
            if mine:
                await self._execute(run, live, replace(request, group=group))
            else:
                self._complete(run, "cancelled", SUPERSEDED.format(group))

    def _show_pending(self, run: Run) -> None:
        set_status(self.world, run, "pending")
        self.world.commit()

    async def _execute(self, run: Run, live: Live, request: RunRequest) -> None:
        host = StateHost(self.world, run, self.storage, self.groups)
        flow = live.flow = WorkflowRun(request, host, self.settings)
        host.lost = flow.queue.lose
        set_status(self.world, run, "in_progress")
        self.world.commit()
        try:
            tree = await flow.prepare()
        except WorkflowError as error:
            self._complete(run, "startup_failure", f"Invalid workflow file: {error}")
            return
        self._complete(run, await flow.execute(tree))


def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()


def _group(request: RunRequest) -> tuple[str, bool]:
    """The run's concurrency group, empty for none. Raises ExpressionError."""
    concurrency = request.workflow.concurrency
    if concurrency is None:
        return "", False
    scope = entry_scope(request)
    cancels = concurrency.cancel_in_progress
    if isinstance(cancels, str):
        cancels = is_true(compute(cancels, scope))
    return render(concurrency.group, scope), cancels
