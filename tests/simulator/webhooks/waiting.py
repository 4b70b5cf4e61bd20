"""Waiting, with a deadline, for what the simulator does beside the requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from bot.simulator.records.apps import Delivery, Hook
from tests.simulator.support import Simulated

T = TypeVar("T")
SECONDS = 60.0


async def eventually(probe: Callable[[], T], what: str) -> T:
    """What `probe` gives once that is true."""
    deadline = time.monotonic() + SECONDS
    while not (found := probe()):
        assert time.monotonic() < deadline, f"not within {SECONDS:g} s: {what}"
        await asyncio.sleep(0.005)
    return found


async def settled(sim: Simulated, count: int = 1) -> list[Delivery]:
    """All deliveries by id, once there are `count` or more and none is pending."""

    def probe() -> bool:
        table = sim.world.tables.deliveries
        return len(table) >= count and not table.count("state", "pending")

    await eventually(probe, f"{count} deliveries settle")
    return sorted(sim.world.tables.deliveries, key=lambda d: d.id)


def app_hook(sim: Simulated, url: str) -> Hook:
    """The App's own hook, made to point there."""
    (hook,) = sim.world.tables.hooks.where("app", sim.genesis.id)
    hook.url, hook.active = url, True
    sim.world.tables.hooks.save(hook)
    sim.world.commit()
    return hook
