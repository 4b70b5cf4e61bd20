"""The world of one simulator: what all its parts share."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bot.simulator.clock import Clock
from bot.simulator.events import Event, Hub
from bot.simulator.exchanges.log import ExchangeLog
from bot.simulator.faults.births import born_in
from bot.simulator.faults.drawing import Faults
from bot.simulator.git import BareRepository
from bot.simulator.limits.limits import Limits
from bot.simulator.options import Options
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Repository
from bot.simulator.state.journal import Journal
from bot.simulator.state.tables import Tables
from bot.simulator.urls import Urls
from bot.simulator.webhooks.outbox import Outbox

log = logging.getLogger(__name__)


class World:
    """State, clock, git and events.

    Everything that changes the state runs on the event loop, so between two `await`s nobody
    else sees or makes a change. `commit` makes what was changed durable.
    """

    def __init__(self, options: Options, urls: Urls) -> None:
        self.options = options
        self.urls = urls
        self.clock = Clock()
        self.journal = Journal(options.state)
        self.tables = Tables(self.journal)
        self.hub = Hub()
        self.faults = Faults(self.clock, options.faults)
        self.limits = Limits(self.clock, options.enforce_limits)
        self.exchanges = ExchangeLog(options.state)
        self.outbox = Outbox(self)
        self.hub.listeners += [self._age, self.outbox.hear]
        self._git: dict[int, BareRepository] = {}
        self._after: list[Callable[[], object]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed = False
        self._sweep_git()

    @property
    def folder(self) -> Path:
        return self.options.state

    def git_path(self, repository: Repository) -> Path:
        return self.folder / "git" / f"{repository.id}.git"

    def git(self, repository: Repository) -> BareRepository:
        """By id, so that a rename moves nothing."""
        found = self._git.get(repository.id)
        if found is None:
            found = self._git[repository.id] = BareRepository(self.git_path(repository))
        return found

    def forget_git(self, repository: Repository) -> None:
        """Deletes its folder, once the loss of the record is kept."""
        git = self.git(repository)
        del self._git[repository.id]
        self.after_commit(lambda: self.spawn(git.remove()))

    def _sweep_git(self) -> None:
        """Deletes the folders that no record knows of, as a stop came between the two: their
        numbers are given out again.
        """
        known = {self.git_path(repository) for repository in self.tables.repositories}
        for path in (self.folder / "git").glob("*"):
            if path not in known:
                shutil.rmtree(path)

    def owner(self, repository: Repository) -> Account:
        return self.tables.accounts[repository.owner_id]

    def full_name(self, repository: Repository) -> str:
        return f"{self.owner(repository).login}/{repository.name}"

    def repository_named(self, owner: str, name: str) -> Repository | None:
        account = self.tables.accounts.one("login", owner.lower())
        if account is None:
            return None
        return self.tables.repositories.one("name", (account.id, name.lower()))

    def repository_once_named(self, owner: str, name: str) -> Repository | None:
        """The one that had this name before it was renamed."""
        account = self.tables.accounts.one("login", owner.lower())
        if account is None:
            return None
        former = self.tables.former_names.one("name", (account.id, name.lower()))
        return None if former is None else self.tables.repositories.get(former.repository_id)

    def after_commit(self, act: Callable[[], object]) -> None:
        """What may only begin once the change that caused it cannot be lost."""
        self._after.append(act)

    def commit(self) -> None:
        self.journal.commit()
        acts, self._after = self._after, []
        for act in acts:
            act()

    def _age(self, event: Event) -> None:
        for path in born_in(event, self.urls.api):
            self.faults.saw_born(path)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs work beside the requests; it is cancelled when the simulator stops."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", exc_info=error)

    async def close(self) -> None:
        self.closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.outbox.close()
        self.exchanges.close()
        for git in self._git.values():
            await git.close()
        self.journal.commit()
        self.journal.close()
