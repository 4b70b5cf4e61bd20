"""Starts the runs an event asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.evaluator import Scope
from bot.simulator.actions.expressions.template import render
from bot.simulator.actions.service.files import Loaded, WorkflowFiles, note_workflows
from bot.simulator.actions.service.hearing import Occasion
from bot.simulator.actions.service.records import Cause, complete, create_run
from bot.simulator.actions.service.requesting import run_scope
from bot.simulator.actions.workflow import model
from bot.simulator.actions.workflow.document import WorkflowError
from bot.simulator.actions.workflow.triggers import starts
from bot.simulator.git import UnknownObject
from bot.simulator.records.actions import Run
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

MOST_PATHS = 300
"""GitHub looks at no more changed files."""
MAX_TITLE = 1024


@dataclass
class Starter:
    world: World
    files: WorkflowFiles

    async def consider(self, occasion: Occasion) -> list[Run]:
        """The runs that were made; those that wait for nobody are to be launched."""
        repository = occasion.repository
        loaded = await self.files.at(repository, occasion.cause.sha)
        if occasion.pushed_branch == repository.default_branch:
            note_workflows(self.world, repository, loaded, whole=True)
        wanted = await self._wanted(occasion, loaded)
        runs: list[Run] = []
        for path in wanted:
            run = await self._start(repository, path, loaded[path], occasion.cause)
            runs += [] if run is None else [run]
        return runs

    async def _wanted(self, occasion: Occasion, loaded: dict[str, Loaded]) -> list[str]:
        """A broken file is run by a push, so that its author sees what is wrong."""
        trigger = occasion.trigger
        filtered = [w for w in loaded.values() if _filters_paths(w, trigger.name)]
        if filtered and occasion.compared is not None:
            trigger = replace(trigger, paths=await self._paths(occasion))
        return [
            path
            for path, workflow in loaded.items()
            if (isinstance(workflow, WorkflowError) and trigger.name == "push")
            or (isinstance(workflow, model.Workflow) and starts(workflow, trigger))
        ]

    async def _paths(self, occasion: Occasion) -> tuple[str, ...] | None:
        assert occasion.compared is not None
        git = self.world.git(occasion.repository)
        try:
            changes = await git.changes(*occasion.compared, limit=MOST_PATHS)
        except UnknownObject:
            return None
        return tuple(change.filename for change in changes)

    async def _start(
        self, repository: Repository, path: str, loaded: Loaded, cause: Cause
    ) -> Run | None:
        if self._is_disabled(repository, path):
            return None
        note_workflows(self.world, repository, {path: loaded}, whole=False)
        return await self.start(repository, path, loaded, cause)

    def _is_disabled(self, repository: Repository, path: str) -> bool:
        row = self.world.tables.workflows.one("path", (repository.id, path))
        return row is not None and row.state == "disabled_manually"

    async def start(
        self, repository: Repository, path: str, loaded: Loaded, cause: Cause
    ) -> Run | None:
        """None when the commit is gone meanwhile."""
        row = self.world.tables.workflows.one("path", (repository.id, path))
        assert row is not None
        try:
            if isinstance(loaded, WorkflowError):
                run = await create_run(self.world, repository, row, cause, path)
                complete(self.world, run, "failure", f"Invalid workflow file: {loaded}")
                return run
            title = self._title(repository, loaded, cause)
            return await create_run(self.world, repository, row, cause, title)
        except UnknownObject:
            return None

    def _title(self, repository: Repository, workflow: model.Workflow, cause: Cause) -> str:
        """What `run-name` says; where it cannot be computed, the usual title."""
        try:
            scope: Scope = run_scope(self.world, repository, workflow, cause)
            return render(workflow.run_name, scope).strip()[:MAX_TITLE]
        except ExpressionError:
            return ""


def _filters_paths(workflow: Any, event: str) -> bool:
    trigger = workflow.triggers.get(event) if isinstance(workflow, model.Workflow) else None
    return trigger is not None and (trigger.paths, trigger.paths_ignore) != (None, None)
