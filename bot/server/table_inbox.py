"""The inbox that several workers share: each takes rows that no other one has in hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from bot.durable.database import INBOX, Database
from bot.server.inbox import KEPT, Waiting
from bot.server.ingress.records import Delivery

BATCH = 20
"""Rows in hand at a time: those of a worker that dies are given to the next at once."""


@dataclass
class TableInbox:
    """See `Inbox`."""

    database: Database

    def drain(self, take: Callable[[Delivery], None]) -> int:
        """See `Inbox`. What was taken is marked with what came before it, whatever comes after."""
        count = 0
        while taken := self._batch(take):
            count += taken
        return count

    def waiting(self) -> Waiting:
        """See `Inbox`."""
        size = sa.func.coalesce(sa.func.sum(sa.func.length(INBOX.c.payload)), 0)
        query = sa.select(size, sa.func.min(INBOX.c.received)).where(INBOX.c.taken.is_(None))
        with self.database.engine.connect() as connection:
            total, oldest = connection.execute(query).one()
        return Waiting(int(total), max(0.0, time.time() - oldest) if oldest else 0.0)

    def tidy(self) -> None:
        """See `Inbox`."""
        limit = sa.func.now() - timedelta(seconds=KEPT)
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(INBOX).where(INBOX.c.taken < limit))

    def _batch(self, take: Callable[[Delivery], None]) -> int:
        waiting = (
            sa.select(INBOX)
            .where(INBOX.c.taken.is_(None))
            .order_by(INBOX.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        taken: list[int] = []
        with self.database.engine.connect() as connection:
            rows = connection.execute(waiting).all()
            try:
                for row in rows:
                    take(Delivery(row.guid, row.event, bytes(row.payload), row.received))
                    taken.append(row.id)
            finally:
                mark = sa.update(INBOX).where(INBOX.c.id.in_(taken)).values(taken=sa.func.now())
                connection.execute(mark)
                # Kept even when `take` raised for the next one.
                connection.commit()
        return len(taken)
