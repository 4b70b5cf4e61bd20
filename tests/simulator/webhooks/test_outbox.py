"""The outbox: nothing is lost over a restart or a kill, old things are forgotten."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.simulator.events import Event
from bot.simulator.faults.plan import Fault, FaultPlan
from bot.simulator.identity.caller import ANONYMOUS
from bot.simulator.records.apps import Delivery
from bot.simulator.webhooks import outbox
from bot.simulator.webhooks.audience import Recipient
from tests.simulator.judges.receiver import receiving
from tests.simulator.support import SHOP, Simulated, simulated
from tests.simulator.webhooks.waiting import app_hook, settled

pytestmark = pytest.mark.anyio

LATE = FaultPlan(faults=(Fault(kind="delay", seconds=600),))


async def open_issue(sim: Simulated, title: str = "Crash") -> None:
    answer = await sim.as_("writer").post(f"{SHOP}/issues", json={"title": title})
    assert answer.status_code == 201


async def test_what_was_not_sent_is_sent_at_the_next_start(tmp_path: Path, shop: Path) -> None:
    with receiving("") as (url, receiver):
        async with simulated(tmp_path / "state", shop) as sim:
            app_hook(sim, url)
            sim.world.faults.set(LATE)
            await open_issue(sim)
            (row,) = sim.world.tables.deliveries
            assert row.state == "pending"
        assert receiver.deliveries == []
        async with simulated(tmp_path / "state", shop) as sim:
            (again,) = await settled(sim)
            (delivery,) = receiver.deliveries
    assert (again.id, again.guid, again.state) == (row.id, row.guid, "delivered")
    assert delivery.body == row.payload.encode()


async def test_what_was_sent_is_not_sent_again(tmp_path: Path, shop: Path) -> None:
    with receiving("") as (url, receiver):
        async with simulated(tmp_path / "state", shop) as sim:
            app_hook(sim, url)
            await open_issue(sim)
            await settled(sim)
        async with simulated(tmp_path / "state", shop) as sim:
            await open_issue(sim, "Another")
            rows = await settled(sim, 2)
        assert [d.payload()["issue"]["title"] for d in receiver.deliveries] == ["Crash", "Another"]
    assert [row.state for row in rows] == ["delivered", "delivered"]


async def test_a_killed_simulator_delivers_when_it_is_back(tmp_path: Path, shop: Path) -> None:
    """A real process, killed while its receiver does not answer."""
    hanging = asyncio.Event()
    release = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.set()
        await release.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    options = {
        "state": str(tmp_path / "state"),
        "sources": [{"path": str(shop), "name": "shop"}],
        "port": 0,
        "webhook_url": f"http://127.0.0.1:{port}/",
        "json_output": True,
    }
    async with server, _process(options) as (process, said):
        headers = {"authorization": f"Bearer {said['tokens']['writer']}"}
        async with httpx.AsyncClient(base_url=said["api"], headers=headers) as client:
            made = await client.post(f"{SHOP}/issues", json={"title": "Kept"})
        assert made.status_code == 201
        await asyncio.wait_for(hanging.wait(), 20)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        release.set()
    with receiving(said["app"]["webhook_secret"]) as (url, receiver):
        async with simulated(tmp_path / "state", shop) as sim:
            (row,) = sim.world.tables.deliveries
            row.url = url
            await settled(sim)
            (delivery,) = receiver.deliveries
    assert delivery.genuine
    assert delivery.payload()["issue"]["title"] == "Kept"


@asynccontextmanager
async def _process(
    options: dict[str, Any],
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.simulator",
        json.dumps(options),
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_log_is_kept_for_three_days(sim: Simulated) -> None:
    with receiving("") as (url, _):
        app_hook(sim, url)
        await open_issue(sim, "Old")
        await settled(sim)
        sim.world.clock.advance(timedelta(days=2).total_seconds())
        await open_issue(sim, "New")
        await settled(sim, 2)
        sim.world.clock.advance(timedelta(days=1, minutes=1).total_seconds())
        shown = await sim.as_app().get("/app/hook/deliveries")
    assert len(shown.json()) == 1
    (kept,) = sim.world.tables.deliveries
    assert "New" in kept.payload


async def test_the_log_is_bounded(sim: Simulated) -> None:
    with receiving("") as (url, _):
        hook = app_hook(sim, url)
        await open_issue(sim)
        (row,) = await settled(sim)
        table = sim.world.tables.deliveries
        for _ in range(outbox.KEPT + 5):
            table.add(row.model_copy(update={"id": sim.world.tables.next_id()}))
        waiting = row.model_copy(update={"id": 1, "state": "pending"})
        table.add(waiting)
        sim.world.outbox.prune()
    assert len(table) == outbox.KEPT + 1
    assert table.get(row.id) is None, "the oldest went"
    assert table.get(waiting.id) is waiting, "what was not sent stays"
    assert hook.active


async def test_a_log_of_failures_is_bounded_as_well(sim: Simulated) -> None:
    hook = app_hook(sim, "http://127.0.0.1:9/")
    sim.world.faults.set(FaultPlan(faults=(Fault(kind="drop"),)))
    await open_issue(sim)
    (row,) = await settled(sim)
    sim.world.clock.advance(4 * 86_400)
    for _ in range(outbox.PRUNED_EVERY):
        sim.world.outbox.post(Recipient(hook), _event_like(sim, row))
    assert sim.world.tables.deliveries.get(row.id) is None


async def test_what_happens_while_it_stops_is_sent_at_the_next_start(
    tmp_path: Path, shop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving("") as (url, receiver):
        async with simulated(tmp_path / "state", shop) as sim:
            hook = app_hook(sim, url)
            await open_issue(sim)
            (row,) = await settled(sim)

            async def end() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    sim.world.outbox.post(Recipient(hook), _event_like(sim, row))
                    sim.world.commit()

            sim.world.spawn(end())
            await asyncio.sleep(0)
        assert len(receiver.deliveries) == 1
        async with simulated(tmp_path / "state", shop) as sim:
            await settled(sim, 2)
            assert len(receiver.deliveries) == 2
    assert caplog.records == []


async def test_nothing_is_sent_before_it_is_committed(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        hook = app_hook(sim, url)
        await open_issue(sim)
        (row,) = await settled(sim)
        sim.world.outbox.post(Recipient(hook), _event_like(sim, row))
        assert sim.world.tables.deliveries.count("state", "pending") == 1
        on_disk = list(sim.world.journal.rows("Delivery"))
        assert len(on_disk) == 1
        await asyncio.sleep(0)
        assert len(receiver.deliveries) == 1
        sim.world.commit()
        assert len(list(sim.world.journal.rows("Delivery"))) == 2
        await settled(sim, 2)
        assert len(receiver.deliveries) == 2


def _event_like(sim: Simulated, row: Delivery) -> Event:
    return Event(row.event, row.action, ANONYMOUS, json.loads(row.payload), sim.repository)


@pytest.mark.parametrize("blob", ["x" * (25 << 20), "ü" * (13 << 20)], ids=["ASCII", "UTF-8"])
async def test_what_is_too_large_is_not_delivered(
    sim: Simulated, caplog: pytest.LogCaptureFixture, blob: str
) -> None:
    with receiving("") as (url, receiver):
        hook = app_hook(sim, url)
        await open_issue(sim)
        (row,) = await settled(sim)
        event = _event_like(sim, row)
        event.payload["blob"] = blob
        sim.world.outbox.post(Recipient(hook), event)
        sim.world.commit()
        assert len(await settled(sim)) == 1
        assert len(receiver.deliveries) == 1
    said = [r.getMessage() for r in caplog.records if r.name.startswith("bot.simulator")]
    assert said == ["a payload of issues over 25 MB is not delivered"]


async def test_no_address_or_inactive_means_no_delivery(sim: Simulated) -> None:
    hook = app_hook(sim, "")
    await open_issue(sim)
    hook.url, hook.active = "http://127.0.0.1:9/", False
    sim.world.tables.hooks.save(hook)
    await open_issue(sim)
    assert len(sim.world.tables.deliveries) == 0
