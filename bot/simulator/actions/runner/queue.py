"""The jobs of one run that wait for their turn or are being run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.simulator.actions.host import Host, JobView
from bot.simulator.actions.runner.execution import execute_job
from bot.simulator.actions.runner.job import JobRun
from bot.simulator.actions.runner.order import JobOrder
from bot.simulator.actions.runner.request import RunRequest, Settings


@dataclass
class Going:
    """An instance that is waiting or running."""

    order: JobOrder
    task: asyncio.Task[JobView] | None = None
    job: JobRun | None = None
    cancelled: bool = False


class Queue:
    """Runs orders: each first waits for its concurrency group, then for a free place."""

    def __init__(self, request: RunRequest, host: Host, settings: Settings) -> None:
        self.request = request
        self.host = host
        self.settings = settings
        self.going: dict[str, Going] = {}

    def cancel_all(self, below: str = "") -> None:
        """Only those whose key begins with `below`."""
        for key in list(self.going):
            if key.startswith(below):
                self.cancel(key)

    def cancel(self, key: str) -> None:
        """A job that runs is asked to end, and made to when it takes too long."""
        going = self.going.get(key)
        if going is None or going.cancelled:
            return
        going.cancelled = True
        if going.job is None:
            if going.task is not None:
                going.task.cancel()
            return
        going.job.cancel()
        patience = going.order.cancel_timeout_minutes * self.settings.delays.minute
        loop = asyncio.get_running_loop()
        loop.call_later(patience, lambda: going.task is not None and going.task.cancel())

    def lose(self, key: str) -> None:
        """The runner of the job goes away in the middle of its work."""
        going = self.going.get(key)
        if going is None or going.job is None or going.task is None:
            return
        going.cancelled = going.job.lost = True
        name = self.settings.runner_name
        going.job.fail(f"The self-hosted runner: {name} lost communication with the server.")
        going.task.cancel()

    async def run(self, order: JobOrder) -> JobView:
        """Waits for the job's turn and for a free place, then runs it."""
        going = self.going[order.key] = Going(order)
        going.task = asyncio.create_task(self._take_turn(order, going))
        try:
            return await asyncio.shield(going.task)
        except asyncio.CancelledError:
            if not going.task.done():
                going.task.cancel()
                await asyncio.wait({going.task})
                raise
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return self._ended(order, going)
        finally:
            self.going.pop(order.key, None)

    def _ended(self, order: JobOrder, going: Going) -> JobView:
        """A job whose own task was cancelled: forced to end, or ended before it began."""
        if going.job is not None:
            return going.job.view
        now = self.settings.now()
        view = JobView(order.key, order.name, "completed", "cancelled", order.labels, now, now)
        self.host.job_changed(view)
        return view

    async def _take_turn(self, order: JobOrder, going: Going) -> JobView:
        waiting = JobView(order.key, order.name, "queued", labels=order.labels)
        self.host.job_changed(waiting)
        if order.concurrency is None:
            return await self._take_slot(order, going)
        group, cancels = order.concurrency.group, bool(order.concurrency.cancel_in_progress)
        turn = self.host.turn(order.key, group, cancels, lambda: self.cancel(order.key))
        async with turn as mine:
            if not mine:
                raise asyncio.CancelledError
            return await self._take_slot(order, going)

    async def _take_slot(self, order: JobOrder, going: Going) -> JobView:
        def began(job: JobRun) -> None:
            going.job = job

        async with self.settings.slots:
            return await execute_job(order, self.request, self.host, self.settings, began)
