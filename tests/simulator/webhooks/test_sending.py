"""An event becomes a signed delivery to a real HTTP receiver, and the log says what came of it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.simulator.faults.plan import Fault, FaultPlan
from tests.simulator.judges import library
from tests.simulator.judges.checking import webhook_judge
from tests.simulator.judges.receiver import receiving
from tests.simulator.judges.serving import served as served_by_thread
from tests.simulator.support import SHOP, Simulated
from tests.simulator.webhooks.waiting import app_hook, eventually, settled

pytestmark = pytest.mark.anyio

SECRET = "made up"


async def open_issue(sim: Simulated, title: str = "Crash") -> None:
    answer = await sim.as_("writer").post(f"{SHOP}/issues", json={"title": title})
    assert answer.status_code == 201


async def test_an_issue_becomes_a_signed_delivery(sim: Simulated) -> None:
    with receiving(SECRET) as (url, receiver):
        hook = app_hook(sim, url)
        hook.secret = SECRET
        await open_issue(sim)
        (row,) = await settled(sim)
        (delivery,) = receiver.deliveries
    assert delivery.genuine
    if not library.missing():
        assert webhook_judge().judge(delivery).errors == ()
    assert delivery.body == row.payload.encode()
    payload = delivery.payload()
    assert payload["installation"]["id"] == sim.installation.id
    assert payload["sender"]["login"] == "writer"
    headers = delivery.headers
    assert headers["x-github-event"] == "issues"
    assert headers["x-github-hook-id"] == str(hook.id)
    assert headers["x-github-hook-installation-target-type"] == "integration"
    assert headers["x-github-hook-installation-target-id"] == str(sim.genesis.id)
    sha1 = hmac.new(SECRET.encode(), delivery.body, hashlib.sha1).hexdigest()
    assert headers["x-hub-signature"] == f"sha1={sha1}"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", row.guid)
    assert (row.state, row.status, row.status_code) == ("delivered", "OK", 202)
    assert row.request_headers["X-GitHub-Delivery"] == row.guid == delivery.guid


async def test_the_payload_is_what_was_true_at_the_event(sim: Simulated) -> None:
    await open_issue(sim)
    with receiving(SECRET) as (url, receiver):
        app_hook(sim, url)
        writer = sim.as_("writer")
        for title in ("One", "Two"):
            await writer.patch(f"{SHOP}/issues/1", json={"title": title})
        await settled(sim, 2)
        titles = {d.payload()["issue"]["title"] for d in receiver.of("issues", "edited")}
    assert titles == {"One", "Two"}


async def test_without_a_secret_nothing_is_signed(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url).secret = ""
        await open_issue(sim)
        await settled(sim)
        (delivery,) = receiver.deliveries
    assert not any("signature" in name for name in delivery.headers)


async def test_a_form_hook_signs_the_form(sim: Simulated) -> None:
    with receiving(SECRET) as (url, receiver):
        hook = app_hook(sim, url)
        hook.secret, hook.content_type = SECRET, "form"
        await open_issue(sim)
        await settled(sim)
        (delivery,) = receiver.deliveries
    assert delivery.genuine
    assert delivery.headers["content-type"] == "application/x-www-form-urlencoded"
    fields = parse_qs(delivery.body.decode())
    assert list(fields) == ["payload"]
    assert json.loads(fields["payload"][0])["action"] == "opened"


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_other_answers_than_2xx_are_failures(sim: Simulated, status: int) -> None:
    with receiving(SECRET, status=status) as (url, receiver):
        app_hook(sim, url)
        await open_issue(sim)
        (row,) = await settled(sim)
        assert len(receiver.deliveries) == 1, "neither redirected nor tried again"
    assert (row.state, row.status_code) == ("failed", status)
    assert row.status == f"Invalid HTTP Response: {status}"


async def test_a_redirect_is_not_followed(sim: Simulated) -> None:
    with receiving(SECRET) as (target, there):

        async def redirect(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await Response(status_code=307, headers={"location": target})(scope, receive, send)

        with served_by_thread(redirect) as url:
            app_hook(sim, url)
            await open_issue(sim)
            (row,) = await settled(sim)
        assert there.deliveries == []
    assert row.response_headers["location"] == target


async def test_nobody_listening_is_a_failed_delivery(sim: Simulated) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    app_hook(sim, f"http://127.0.0.1:{port}/hooks")
    await open_issue(sim)
    (row,) = await settled(sim)
    assert (row.state, row.status, row.status_code) == ("failed", "failed to connect", 502)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\nContent-"])
async def test_what_does_not_speak_http_is_a_failed_delivery(sim: Simulated, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with _listening(talk) as url:
        app_hook(sim, url)
        await open_issue(sim)
        (row,) = await settled(sim)
    assert row.state == "failed"


async def test_an_endless_answer_is_cut_and_kept_in_part(sim: Simulated) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 8192)
                await writer.drain()
        except ConnectionError:
            writer.close()

    async with _listening(talk) as url:
        app_hook(sim, url)
        await open_issue(sim)
        (row,) = await settled(sim)
    assert row.state == "delivered"
    assert row.response_body == "x" * 64 * 1024


async def test_deliveries_do_not_wait_for_each_other(sim: Simulated) -> None:
    """All are under way at once: the receiver answers none before it has seen all."""
    seen = 0
    all_there = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        await reader.readuntil(b"\r\n\r\n")
        seen += 1
        if seen == 5:
            all_there.set()
        await all_there.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async with _listening(talk) as url:
        app_hook(sim, url)
        for number in range(5):
            await open_issue(sim, f"Number {number}")
        rows = await settled(sim, 5)
    assert {row.status_code for row in rows} == {204}


async def test_a_request_is_answered_while_its_delivery_hangs(sim: Simulated) -> None:
    got = asyncio.Event()
    release = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        got.set()
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with _listening(talk) as url:
        app_hook(sim, url)
        await open_issue(sim)
        await got.wait()
        assert sim.world.tables.deliveries.count("state", "pending") == 1
        release.set()
        await settled(sim)


async def test_who_does_not_answer_in_time_has_failed(sim: Simulated) -> None:
    """Also one that sends a byte now and then."""
    assert sim.world.outbox.courier.answered_within == 10

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    sim.world.outbox.courier.answered_within = 0.2
    async with _listening(talk) as url:
        app_hook(sim, url)
        await open_issue(sim)
        (row,) = await settled(sim)
    assert (row.state, row.status, row.status_code) == ("failed", "timed out", 504)
    assert row.duration >= 0.2


async def test_a_slow_receiver_holds_up_itself_alone(sim: Simulated) -> None:
    release = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    async with _listening(talk) as slow:
        with receiving("") as (url, receiver):
            app_hook(sim, slow)
            for number in range(70):
                await open_issue(sim, f"Number {number}")
            admin = sim.as_("admin")
            await admin.post(f"{SHOP}/hooks", json={"config": {"url": url}})
            table = sim.world.tables.deliveries
            await eventually(lambda: table.count("state", "delivered"), "the ping is answered")
            assert [d.event for d in receiver.deliveries] == ["ping"]
        assert table.count("state", "pending") == 70
        release.set()
        await settled(sim, 71)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _listening(talk: Talk) -> AsyncIterator[str]:
    """The address of a server that talks like that; what still talks at the end is stopped."""
    ending = asyncio.Event()
    accepted: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking = asyncio.ensure_future(talk(reader, writer))
        ended = asyncio.ensure_future(ending.wait())
        await asyncio.wait([talking, ended], return_when=asyncio.FIRST_COMPLETED)
        talking.cancel()
        ended.cancel()
        await asyncio.gather(talking, ended, return_exceptions=True)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.add(asyncio.ensure_future(converse(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            ending.set()
            await asyncio.gather(*accepted)


async def test_a_hook_that_is_gone_gets_nothing(sim: Simulated) -> None:
    with receiving(SECRET) as (url, receiver):
        hook = app_hook(sim, url)
        table = sim.world.tables.deliveries
        sim.world.faults.set(FaultPlan(faults=(Fault(kind="delay", seconds=0.05),)))
        await open_issue(sim)
        assert len(table) == 1
        sim.world.tables.hooks.remove(hook)
        await eventually(lambda: len(table) == 0, "the delivery is given up")
        assert receiver.deliveries == []


async def test_a_hook_that_is_gone_with_its_log_gets_nothing(
    sim: Simulated, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(SECRET) as (url, receiver):
        admin = sim.as_("admin")
        hook = {"config": {"url": url}, "events": ["issues"]}
        made = (await admin.post(f"{SHOP}/hooks", json=hook)).json()
        await settled(sim)
        sim.world.faults.set(FaultPlan(faults=(Fault(kind="delay", seconds=0.05),)))
        await open_issue(sim)
        assert (await admin.delete(f"{SHOP}/hooks/{made['id']}")).status_code == 204
        await eventually(lambda: not sim.world._tasks, "the delivery is given up")
        assert [d.event for d in receiver.deliveries] == ["ping"]
    assert caplog.records == []
