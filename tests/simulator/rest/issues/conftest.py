"""Clients whose exchanges are judged, and the events that were heard, which are judged too."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from bot.simulator.events import Event
from tests.simulator.judges.checking import problems_of_payload
from tests.simulator.rest.issues.stage import app_client, judged
from tests.simulator.support import Simulated


@pytest.fixture
def heard(sim: Simulated) -> Iterator[list[Event]]:
    """Filled with what happens; at the end every payload must be as GitHub describes it."""
    events: list[Event] = []
    sim.world.hub.listeners.append(events.append)
    yield events
    for event in events:
        assert problems_of_payload(event.name, event.payload) == []


@pytest.fixture
def writer(sim: Simulated) -> httpx.AsyncClient:
    return judged(sim.as_("writer"))


@pytest.fixture
def triager(sim: Simulated) -> httpx.AsyncClient:
    return judged(sim.as_("triager"))


@pytest.fixture
def reader(sim: Simulated) -> httpx.AsyncClient:
    return judged(sim.as_("reader"))


@pytest.fixture
def outsider(sim: Simulated) -> httpx.AsyncClient:
    return judged(sim.as_("outsider"))


@pytest.fixture
def bot(sim: Simulated) -> httpx.AsyncClient:
    """The App, which may write issues and nothing else."""
    return app_client(sim, issues="write")
