"""Sends deliveries, many at once and in no order, as GitHub does, and notes what came of each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.simulator.faults.plan import Fault, Kind
from bot.simulator.records.apps import Delivery, Hook
from bot.simulator.webhooks.signing import body_for, headers_for

if TYPE_CHECKING:
    import httpx

    from bot.simulator.world import World

ANSWERED_WITHIN = 10.0
"""Seconds; GitHub's limit."""
AT_ONCE = 64
"""To one hook, so that a slow receiver holds up itself alone."""
KEPT_OF_ANSWER = 64 * 1024
NO_FAULTS: Mapping[Kind, Fault] = {}


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt; without an answer, GitHub notes a status all the same."""

    status: str
    status_code: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


class Courier:
    def __init__(self, world: World) -> None:
        self._world = world
        self.answered_within = ANSWERED_WITHIN
        self._places: dict[int, asyncio.Semaphore] = {}
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._held: list[asyncio.Event] = []

    def send(self, row: Delivery, faults: Mapping[Kind, Fault] = NO_FAULTS) -> None:
        """Sends beside everything else; `faults` may make it wait.

        What happens while the simulator stops is sent at its next start.
        """
        if self._world.closed:
            return
        if "reorder" in faults:
            passed = asyncio.Event()
            self._world.spawn(self._send_after(row, passed, faults["reorder"].duration))
            self._held.append(passed)
            return
        pause = faults["delay"].duration if "delay" in faults else 0.0
        self._world.spawn(self._send(row, pause))

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def _send_after(self, row: Delivery, passed: asyncio.Event, longest: float) -> None:
        try:
            async with asyncio.timeout(longest):
                await passed.wait()
        except TimeoutError:
            if passed in self._held:
                self._held.remove(passed)
        await self._send(row, 0.0)

    async def _send(self, row: Delivery, pause: float) -> None:
        if pause:
            await asyncio.sleep(pause)
        places = self._places.setdefault(row.hook_id, asyncio.Semaphore(AT_ONCE))
        async with places:
            await self._attempt(row)
        held, self._held = self._held, []
        for passed in held:
            passed.set()

    async def _attempt(self, row: Delivery) -> None:
        hook = self._world.tables.hooks.get(row.hook_id)
        if hook is None:
            if self._is_kept(row):
                self._world.tables.deliveries.remove(row)
                self._world.commit()
            return
        body = body_for(hook, row)
        row.request_headers = headers_for(hook, row, body)
        began = time.monotonic()
        outcome = await self._post(hook, row, body)
        row.duration = round(time.monotonic() - began, 2)
        row.delivered_at = self._world.clock.now()
        row.state = "delivered" if 200 <= outcome.status_code < 300 else "failed"
        row.status, row.status_code = outcome.status, outcome.status_code
        row.response_headers, row.response_body = outcome.headers, outcome.body
        if self._is_kept(row):
            self._world.tables.deliveries.save(row)
            self._world.commit()

    def _is_kept(self, row: Delivery) -> bool:
        """It may have gone meanwhile, together with its hook."""
        return self._world.tables.deliveries.get(row.id) is row

    async def _post(self, hook: Hook, row: Delivery, body: bytes) -> Outcome:
        import httpx  # here, as it takes a twentieth of the start, and many have no hook

        try:
            async with asyncio.timeout(self.answered_within):
                request = self._client(hook).stream(
                    "POST", row.url, content=body, headers=row.request_headers
                )
                async with request as response:
                    return await _outcome(response)
        except TimeoutError:
            return Outcome("timed out", 504)
        except (httpx.HTTPError, httpx.InvalidURL):
            return Outcome("failed to connect", 502)

    def _client(self, hook: Hook) -> httpx.AsyncClient:
        """A new connection each time: one kept open may be closed by the other side meanwhile."""
        import httpx  # as above

        if hook.insecure_ssl not in self._clients:
            client = self._clients[hook.insecure_ssl] = httpx.AsyncClient(
                verify=hook.insecure_ssl == "0",
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # noqa: S113 - the attempt as a whole has its limit
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            )
            client.headers.clear()
        return self._clients[hook.insecure_ssl]


async def _outcome(response: httpx.Response) -> Outcome:
    """Reads no more of the answer than is kept."""
    kept = bytearray()
    async for chunk in response.aiter_raw():
        kept += chunk
        if len(kept) > KEPT_OF_ANSWER:
            break
    status = "OK" if response.is_success else f"Invalid HTTP Response: {response.status_code}"
    text = bytes(kept[:KEPT_OF_ANSWER]).decode("utf-8", "replace")
    return Outcome(status, response.status_code, dict(response.headers), text)
