"""The outbox: a delivery is written down with the change it tells of, and sent after that."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid1

from pydantic_core import to_json

from bot.simulator.events import Event
from bot.simulator.nodes import node_id
from bot.simulator.records.apps import Delivery, Hook
from bot.simulator.webhooks.audience import Recipient, audience
from bot.simulator.webhooks.courier import Courier

if TYPE_CHECKING:
    from bot.simulator.world import World

log = logging.getLogger(__name__)

MAX_PAYLOAD = 25 * 1024 * 1024
KEPT_FOR = timedelta(days=3)
KEPT = 10_000
"""Deliveries in the log at most, all hooks together; the oldest go first."""
PRUNED_EVERY = 200


class Outbox:
    """Listens to the events of a world and posts a delivery to each hook that hears of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tables = world.tables
        self.courier = Courier(world)
        self._posted = 0

    def hear(self, event: Event) -> None:
        for recipient in audience(self._tables, event):
            self.post(recipient, event)

    def post(self, recipient: Recipient, event: Event) -> None:
        """Writes deliveries down as faults and the size limit allow, to be sent after the commit.

        GitHub drops what is over 25 MB.
        """
        payload = to_json(_payload_for(recipient, event.payload))
        if len(payload) > MAX_PAYLOAD:
            log.warning("a payload of %s over 25 MB is not delivered", event.name)
            return
        installation = recipient.installation
        row = Delivery(
            id=self._tables.next_id(),
            guid=str(uuid1(node=secrets.randbits(48))),
            hook_id=recipient.hook.id,
            url=recipient.hook.url,
            event=event.name,
            action=event.action,
            repository_id=None if event.repository is None else event.repository.id,
            installation_id=None if installation is None else installation.id,
            payload=payload.decode(),
            created_at=self._world.clock.now(),
        )
        self._send(row)

    def redeliver(self, hook: Hook, delivery: Delivery) -> Delivery:
        """A further attempt: same GUID and payload, to where the hook points now."""
        row = Delivery(
            **delivery.model_dump(
                include={"guid", "hook_id", "event", "action", "repository_id", "installation_id"}
            ),
            id=self._tables.next_id(),
            url=hook.url,
            payload=delivery.payload,
            redelivery=True,
            created_at=self._world.clock.now(),
        )
        self._send(row)
        return row

    def resume(self) -> None:
        """Sends what a simulator that was stopped had not."""
        self.prune()
        for row in self._tables.deliveries.where("state", "pending"):
            self.courier.send(row)

    async def close(self) -> None:
        await self.courier.close()

    def prune(self) -> None:
        """Forgets deliveries older than GitHub's log, or too many."""
        settled = [d for d in self._tables.deliveries if d.state != "pending"]
        too_many = len(settled) - KEPT
        oldest = self._world.clock.now() - KEPT_FOR
        for place, row in enumerate(settled):
            if place < too_many or row.created_at < oldest:
                self._tables.deliveries.remove(row)

    def _send(self, row: Delivery) -> None:
        faults = {f.kind: f for f in self._world.faults.for_delivery(row.event, row.action)}
        if "lose" in faults:
            return
        if "drop" in faults:
            row.state = "failed"
            row.delivered_at = row.created_at
            row.status, row.status_code = "failed to connect", 502
            self._keep(row)
            return
        rows = [row]
        if "duplicate" in faults:
            rows.append(row.model_copy(update={"id": self._tables.next_id()}))
        for each in rows:
            self._keep(each)
            self._world.after_commit(partial(self.courier.send, each, faults))

    def _keep(self, row: Delivery) -> None:
        self._tables.deliveries.add(row)
        self._posted += 1
        if self._posted >= PRUNED_EVERY:
            self._posted = 0
            self.prune()


def _payload_for(recipient: Recipient, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Apps are told through which installation; installation events say it at length already."""
    installation = recipient.installation
    if installation is None or "installation" in payload:
        return payload
    short = {
        "id": installation.id,
        "node_id": node_id("IntegrationInstallation", installation.id),
    }
    return {**payload, "installation": short}
