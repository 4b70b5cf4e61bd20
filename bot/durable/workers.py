"""Several workers on one Postgres: each says that it lives, and one takes over from the dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from bot.durable.database import TURNS, WORKERS, Database
from bot.durable.periodic import Enough, Periodic

BEAT = 5.0
"""Seconds between two signs of life."""
DEAD = 30.0
"""Seconds without one, until others take over; by the database's clock."""
AFTER_FAILURE = (1.0, 2.0, 5.0)

log = structlog.get_logger()


@dataclass
class Heart:
    """Signs of life of this worker, in a thread of its own.

    `take_over` is given the name of a dead worker; `lost` is called once when this one was taken
    for dead, by a pause or a long time without the database: what it works on, others do too.
    """

    database: Database
    executor: str
    take_over: Callable[[str], int]
    lost: Callable[[], None]
    beat: float = BEAT
    dead: float = DEAD
    _thread: Periodic = field(init=False)

    def __post_init__(self) -> None:
        self._thread = Periodic(
            "sign_of_life",
            self._work,
            self.beat,
            AFTER_FAILURE,
            foreseen=(SQLAlchemyError,),
            at_once=False,
        )

    def register(self) -> None:
        """Say that this worker lives, before it has anything in hand."""
        with self.database.engine.begin() as connection:
            connection.execute(
                sa.insert(WORKERS).values(executor=self.executor, seen=sa.func.now())
            )

    def start(self) -> None:
        """Say it on and on, and look after the others."""
        self._thread.start()

    def stop(self) -> None:
        """Say it no more. The name stays while there is work in hand, for others to take over."""
        self._thread.stop()

    def _work(self) -> None:
        if not self._beat():
            log.error("taken_for_dead", executor=self.executor)
            self.lost()
            raise Enough
        self.look_after()

    def _beat(self) -> bool:
        """False when others have taken over."""
        put = sa.update(WORKERS).where(WORKERS.c.executor == self.executor)
        with self.database.engine.begin() as connection:
            return connection.execute(put.values(seen=sa.func.now())).rowcount == 1

    def look_after(self) -> int:
        """Take over from every dead worker; how many workflows that are."""
        silent = WORKERS.c.seen < sa.func.now() - timedelta(seconds=self.dead)
        count = 0
        with self.database.engine.begin() as connection:
            rows = connection.execute(
                # Locked until its work is back on the queue: by one of us, and once.
                sa.select(WORKERS.c.executor).where(silent).with_for_update(skip_locked=True)
            ).scalars()
            for executor in list(rows):
                taken = self.take_over(executor)
                connection.execute(sa.delete(WORKERS).where(WORKERS.c.executor == executor))
                log.warning("worker_dead", executor=executor, taken_over=taken)
                count += taken
        return count


def my_turn(database: Database, what: str, every: float) -> bool:
    """Whether this worker is to do it now; of several, one is, once in `every` seconds."""
    if not database.shared:
        return True
    after = sa.func.now() + timedelta(seconds=every)
    with database.engine.begin() as connection:
        first = insert(TURNS).values(what=what, next=after).on_conflict_do_nothing()
        if connection.scalar(first.returning(TURNS.c.what)) is not None:
            return True
        due = sa.update(TURNS).where(TURNS.c.what == what, TURNS.c.next <= sa.func.now())
        return connection.execute(due.values(next=after)).rowcount == 1
