"""A check of Actions that is asked for anew: its run or its job runs again."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.simulator.actions.service.engine import Engine
from bot.simulator.actions.service.reruns import rerun
from bot.simulator.actions.service.tokens import ACTIONS
from bot.simulator.errors import ApiError
from bot.simulator.events import Event
from bot.simulator.records.actions import Job, Run

log = logging.getLogger(__name__)


class Repeater:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def hear(self, event: Event) -> None:
        if event.action != "rerequested" or event.name not in ("check_run", "check_suite"):
            return
        check = event.payload[event.name]
        if (check.get("app") or {}).get("slug") != ACTIONS:
            return
        tables = self.engine.world.tables
        job = tables.jobs.one("check_run", check["id"]) if event.name == "check_run" else None
        suite_id = check["id"] if event.name == "check_suite" else check["check_suite"]["id"]
        run = tables.runs.one("suite", suite_id)
        if run is not None:
            again = None if job is None else [job]
            self.engine.world.after_commit(lambda: self._begin(event, run, again))

    def _begin(self, event: Event, run: Run, again: Sequence[Job] | None) -> None:
        self.engine.world.spawn(self._repeat(event, run, again))

    async def _repeat(self, event: Event, run: Run, again: Sequence[Job] | None) -> None:
        try:
            await rerun(self.engine, event.caller, run, again)
        except ApiError as error:
            log.info("run %d is not repeated: %s", run.id, error.message)
        self.engine.world.commit()
