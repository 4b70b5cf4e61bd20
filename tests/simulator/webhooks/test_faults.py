"""Deliveries that are dropped, lost, doubled, late or overtaken."""

from __future__ import annotations

import pytest

from bot.simulator.faults.plan import Fault, FaultPlan
from tests.simulator.judges.exchanges import Delivery
from tests.simulator.judges.receiver import Receiver, receiving
from tests.simulator.support import SHOP, Simulated
from tests.simulator.webhooks.waiting import app_hook, eventually, settled

pytestmark = pytest.mark.anyio


def plan(sim: Simulated, *faults: Fault, seed: int = 0) -> None:
    sim.world.faults.set(FaultPlan(faults=faults, seed=seed))


async def open_issues(sim: Simulated, *titles: str) -> None:
    writer = sim.as_("writer")
    for title in titles:
        assert (await writer.post(f"{SHOP}/issues", json={"title": title})).status_code == 201


def titles(receiver: Receiver) -> list[str]:
    return [_title(delivery) for delivery in receiver.of("issues")]


def _title(delivery: Delivery) -> str:
    return str(delivery.payload()["issue"]["title"])


async def test_a_dropped_delivery_can_be_made_again(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url)
        plan(sim, Fault(kind="drop", event="issues/opened", count=1))
        await open_issues(sim, "Dropped", "Sent")
        first, second = await settled(sim, 2)
        assert titles(receiver) == ["Sent"]
        assert (first.state, first.status_code) == ("failed", 502)
        assert second.state == "delivered"
        failed = await sim.as_app().get("/app/hook/deliveries", params={"status": "failure"})
        (shown,) = failed.json()
        again = await sim.as_app().post(f"/app/hook/deliveries/{shown['id']}/attempts")
        assert again.status_code == 202
        await settled(sim, 3)
        assert titles(receiver) == ["Sent", "Dropped"]
        assert receiver.deliveries[1].guid == first.guid


async def test_a_lost_delivery_is_nowhere(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url)
        plan(sim, Fault(kind="lose", count=1))
        await open_issues(sim, "Lost", "Sent")
        await settled(sim)
        assert titles(receiver) == ["Sent"]
        assert len((await sim.as_app().get("/app/hook/deliveries")).json()) == 1
    assert [e.subject for e in sim.world.faults.log] == ["delivery issues/opened"]


async def test_a_doubled_delivery_has_one_guid(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url)
        plan(sim, Fault(kind="duplicate", count=1))
        await open_issues(sim, "Twice", "Once")
        await settled(sim, 3)
        assert sorted(titles(receiver)) == ["Once", "Twice", "Twice"]
        guids = [d.guid for d in receiver.deliveries if _title(d) == "Twice"]
        bodies = {d.body for d in receiver.deliveries if _title(d) == "Twice"}
    assert len(set(guids)) == len(bodies) == 1


async def test_a_late_delivery(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url)
        plan(sim, Fault(kind="delay", count=1, seconds=0.3))
        await open_issues(sim, "Late", "In time")
        await settled(sim, 2)
        assert titles(receiver) == ["In time", "Late"]


async def test_an_overtaken_delivery(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url)
        plan(sim, Fault(kind="reorder", count=1, seconds=30))
        await open_issues(sim, "First", "Second")
        await settled(sim, 2)
        assert titles(receiver) == ["Second", "First"]


async def test_the_last_delivery_is_overtaken_by_none_but_sent(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url)
        plan(sim, Fault(kind="reorder", seconds=0.05))
        await open_issues(sim, "Alone")
        await eventually(lambda: titles(receiver) == ["Alone"], "it is sent all the same")


async def test_the_same_seed_drops_the_same_deliveries(sim: Simulated) -> None:
    with receiving("") as (url, _):
        app_hook(sim, url)
        outcomes = []
        for _ in range(2):
            plan(sim, Fault(kind="drop", probability=0.5), seed=3)
            before = len(sim.world.tables.deliveries)
            await open_issues(sim, *(f"Number {n}" for n in range(10)))
            rows = (await settled(sim, before + 10))[before:]
            outcomes.append([row.state for row in rows])
    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {"failed", "delivered"}
