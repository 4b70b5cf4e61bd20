"""Where several hosts keep their deliveries: one table in Postgres, many rows an insert."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from bot.server.ingress.group_commit import NotKept
from bot.server.ingress.records import Delivery

INSERT = """
INSERT INTO genesis.inbox (guid, event, payload, received)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::float8[])
"""
CONNECT = 5
"""Seconds to wait for the server, and below for what it does: GitHub waits 10 s."""
OPTIONS = "-c statement_timeout=6000 -c synchronous_commit=on -c timezone=UTC"


class TableLog:
    """The writer; it connects when there is something to write, and anew after each failure."""

    def __init__(self, url: str) -> None:
        """`url` is libpq's."""
        self._url = url
        self._connection: psycopg.Connection | None = None

    def write(self, batch: Sequence[Delivery]) -> None:
        """Committed on return; raises `NotKept`.

        Where the connection broke while it committed, it may be there all the same: what GitHub
        then delivers again is known by its GUID.
        """
        rows = (
            [delivery.guid for delivery in batch],
            [delivery.event for delivery in batch],
            [delivery.payload for delivery in batch],
            [delivery.received for delivery in batch],
        )
        try:
            self._connected().execute(INSERT, rows)
        except psycopg.Error as error:
            self.close()
            raise NotKept(f"the database: {type(error).__name__}") from error

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._url, connect_timeout=CONNECT, autocommit=True, options=OPTIONS
            )
        return self._connection
