"""The inbox of several hosts: batched inserts in, rows out, each to one worker."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from bot.durable import engine
from bot.durable.database import INBOX, Database, opened
from bot.durable.meters import Meters
from bot.server.drainer import Drainer
from bot.server.ingress.group_commit import NotKept
from bot.server.ingress.records import Delivery
from bot.server.ingress.table_log import TableLog
from bot.server.table_inbox import BATCH, TableInbox
from bot.settings import load_settings
from tests.durable.support import Actor, until
from tests.server.ingress.support import asking, headers_of, ingressing
from tests.server.payloads import delivery, labelled, payload

BODY = b'{"action": "opened"}\x00\xff'


@pytest.fixture
def database(tmp_path: Path, shared_url: str) -> Iterator[Database]:
    settings = load_settings(state_dir=tmp_path / "state", database_url=shared_url)
    with opened(settings) as found:
        yield found


def rows(database: Database) -> list[tuple[str, str, bytes, bool]]:
    query = sa.select(INBOX.c.guid, INBOX.c.event, INBOX.c.payload, INBOX.c.taken.is_not(None))
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(INBOX.c.id))]


def put(database: Database, *guids: str) -> None:
    log = TableLog(database.libpq)
    log.write([Delivery(guid, "issues", b"{}", 1.0) for guid in guids])
    log.close()


def test_the_ingress_keeps_deliveries_in_the_table(tmp_path: Path, database: Database) -> None:
    guids = [str(uuid.uuid4()) for _ in range(60)]
    with ingressing(tmp_path / "inbox", database=database.libpq) as ingress:

        def send(share: list[str]) -> set[int]:
            with asking() as client:
                return {
                    client.post(ingress.url, content=BODY, headers=headers_of(BODY, g)).status_code
                    for g in share
                }

        with ThreadPoolExecutor(6) as pool:
            answers = set().union(*pool.map(send, (guids[n::6] for n in range(6))))
        assert answers == {202}
    kept = rows(database)
    assert sorted(guid for guid, *_ in kept) == sorted(guids)
    assert {(event, data, taken) for _, event, data, taken in kept} == {("issues", BODY, False)}
    assert not (tmp_path / "inbox").exists()


def test_without_the_database_it_answers_503_and_with_it_202_again(
    tmp_path: Path, database: Database, postgres: str
) -> None:
    name = sa.make_url(database.url).database
    assert name is not None
    database.engine.dispose()
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with (
        ingressing(tmp_path / "inbox", database=database.libpq) as ingress,
        asking() as client,
        psycopg.connect(postgres % "postgres", autocommit=True) as admin,
    ):

        def send(guid: str) -> int:
            headers = headers_of(BODY, guid)
            return client.post(ingress.url, content=BODY, headers=headers).status_code

        assert send("before") == 202
        admin.execute(allow.format(sql.Identifier(name), sql.Literal(False)))
        admin.execute(end, [name])
        assert [send("refused-1"), send("refused-2")] == [503, 503]
        admin.execute(allow.format(sql.Identifier(name), sql.Literal(True)))
        assert send("after") == 202
    assert [guid for guid, *_ in rows(database)] == ["before", "after"]


def test_a_batch_is_one_statement(database: Database) -> None:
    log = TableLog(database.libpq)
    log.write([Delivery(f"{n}", "issues", b"x" * 12_000, 1.5) for n in range(200)])
    log.close()
    with database.engine.connect() as connection:
        # All rows of one transaction have one time and one id of it.
        query = sa.text("SELECT count(DISTINCT xmin::text), count(*) FROM genesis.inbox")
        assert tuple(connection.execute(query).one()) == (1, 200)


def test_what_cannot_be_inserted_is_said(database: Database) -> None:
    log = TableLog(database.libpq)
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE genesis.inbox RENAME TO elsewhere"))
    with pytest.raises(NotKept, match="UndefinedTable"):
        log.write([Delivery("1", "issues", b"{}", 1.0)])
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE genesis.elsewhere RENAME TO inbox"))
    log.write([Delivery("2", "issues", b"{}", 1.0)])
    log.close()
    assert [guid for guid, *_ in rows(database)] == ["2"]


def test_rows_come_out_in_order_and_once(database: Database) -> None:
    guids = [str(n) for n in range(BATCH * 2 + 3)]
    put(database, *guids)
    taken: list[str] = []
    inbox = TableInbox(database)
    assert inbox.waiting().bytes == 2 * len(guids)
    assert inbox.waiting().seconds > 0
    assert inbox.drain(lambda one: taken.append(one.guid)) == len(guids)
    assert taken == guids
    assert inbox.drain(lambda one: taken.append(one.guid)) == 0
    assert (inbox.waiting().bytes, inbox.waiting().seconds) == (0, 0.0)


def test_two_workers_take_different_rows(database: Database) -> None:
    guids = [str(n) for n in range(BATCH * 2)]
    put(database, *guids)
    first_has_one, second_is_done = threading.Event(), threading.Event()
    first: list[str] = []
    second: list[str] = []

    def slowly(one: Delivery) -> None:
        first.append(one.guid)
        first_has_one.set()
        assert second_is_done.wait(20)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(TableInbox(database).drain, slowly)
        assert first_has_one.wait(20)
        assert TableInbox(database).drain(lambda one: second.append(one.guid)) == BATCH
        second_is_done.set()
        running.result(20)
    assert sorted([*first, *second], key=int) == guids


def test_what_was_taken_before_a_failure_is_not_taken_again(database: Database) -> None:
    put(database, "0", "1", "2", "3")
    taken: list[str] = []

    def take(one: Delivery) -> None:
        if one.guid == "2" and len(taken) == 2:
            raise ConnectionError("away")
        taken.append(one.guid)

    inbox = TableInbox(database)
    with pytest.raises(ConnectionError):
        inbox.drain(take)
    assert [guid for guid, *_, done in rows(database) if done] == ["0", "1"]
    taken.append("-")
    assert inbox.drain(take) == 2
    assert taken == ["0", "1", "-", "2", "3"]


def test_rows_go_days_after_they_were_taken(database: Database) -> None:
    put(database, "old", "new", "waits")
    inbox = TableInbox(database)
    with database.engine.begin() as connection:
        for guid, age in (("old", "4 days"), ("new", "1 day")):
            taken = sa.func.now() - sa.text(f"interval '{age}'")
            connection.execute(sa.update(INBOX).where(INBOX.c.guid == guid).values(taken=taken))
    inbox.tidy()
    assert [guid for guid, *_ in rows(database)] == ["new", "waits"]


def test_a_delivery_that_no_database_takes_is_not_in_the_way_of_others(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name with a NUL: JSON has it, Postgres refuses it, time after time."""
    actor = Actor()
    poison = delivery("issues", payload(issue={"number": 1}, repository={"full_name": "a/\0"}))
    good = labelled(1)
    log = TableLog(database.libpq)
    log.write([poison, good])
    log.close()
    drainer = Drainer(TableInbox(database), "otp-genesis[bot]", Meters())
    with engine.running(database.url, actor, executor="one", drain=lambda: 1):
        failures = 0
        while failures < 5:
            try:
                drainer.drain()
                break
            except Exception:
                failures += 1
        assert failures == 2
        until(lambda: engine.fate_of(good.guid) == "done")
    assert "delivery_given_up" in capsys.readouterr().out
    given_up = drainer.meters.deliveries.labels("issues", "given up")
    assert given_up._value.get() == 1
