"""Several workers on one Postgres: one takes over from the dead, and nothing is done by two."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.durable.database import PLANS, WORKERS, Database, opened
from bot.durable.workers import Heart, my_turn
from bot.errors import Unusable
from bot.settings import load_settings
from tests.durable.support import hint_for, until
from tests.durable.working import working


@pytest.fixture
def database(tmp_path: Path, shared_url: str) -> Iterator[Database]:
    settings = load_settings(state_dir=tmp_path / "ours", database_url=shared_url)
    with opened(settings) as found:
        yield found


def test_the_work_of_a_killed_worker_is_finished_by_another(
    tmp_path: Path, shared_url: str
) -> None:
    with (
        working(tmp_path / "one", "one", shared_url) as one,
        working(tmp_path / "two", "two", shared_url) as two,
    ):
        # More than one worker takes at a time: both have something in hand.
        for n in range(8):
            one.enqueue(hint_for(n + 1, f"d{n}", sender="2"))
        until(lambda: one.heard("queued") == 8)
        until(lambda: one.heard("begin") > one.heard("end") and two.heard("begin") >= 1)
        one.kill()
        until(lambda: all(one.heard("end", f"d{n}") + two.heard("end", f"d{n}") for n in range(8)))
        until(lambda: two.heard("took-over"))
        cut = {f"d{n}" for n in range(8) if one.heard("begin", f"d{n}") > one.heard("end", f"d{n}")}
        assert cut
        ((_, _, taken),) = (line for line in two.said if line[0] == "took-over")
        # What it had claimed and not begun comes with what it had begun.
        assert taken.startswith("one:")
        assert int(taken.removeprefix("one:")) >= len(cut)
        for n in range(8):
            delivery = f"d{n}"
            begun = one.heard("begin", delivery) + two.heard("begin", delivery)
            assert begun == 1 + (delivery in cut)


def test_what_is_taken_over_still_keeps_the_order_within_a_plan(
    tmp_path: Path, shared_url: str
) -> None:
    """Put back into DBOS's own queue, as it is by default, it would run beside the next one."""
    with (
        working(tmp_path / "one", "one", shared_url) as one,
        working(tmp_path / "two", "two", shared_url) as two,
    ):
        one.enqueue(hint_for(5, "first", sender="1.5"))
        until(lambda: one.heard("begin", "first") or two.heard("begin", "first"))
        victim, other = (one, two) if one.heard("begin", "first") else (two, one)
        for n in range(3):
            other.enqueue(hint_for(5, f"next-{n}", sender="0.3"))
        victim.kill()
        until(lambda: other.heard("end") == 4)
        assert len({line[-1] for line in other.said if line[0] == "end"}) == 4
        # Never two begun and not ended.
        open_ = 0
        for what, *_ in other.said:
            open_ += {"begin": 1, "end": -1}.get(what, 0)
            assert open_ <= 1


def test_a_worker_that_slept_hears_that_it_was_taken_for_dead(
    tmp_path: Path, shared_url: str
) -> None:
    with (
        working(tmp_path / "one", "one", shared_url) as one,
        working(tmp_path / "two", "two", shared_url) as two,
    ):
        one.process.send_signal(signal.SIGSTOP)
        until(lambda: two.heard("took-over"))
        one.process.send_signal(signal.SIGCONT)
        until(lambda: one.heard("lost"))
        assert not two.heard("lost")


def silent(database: Database, name: str, seconds: float) -> None:
    with database.engine.begin() as connection:
        connection.execute(
            sa.insert(WORKERS).values(
                executor=name, seen=sa.func.now() - sa.text(f"interval '{seconds} seconds'")
            )
        )


def heart(database: Database, name: str, taken: list[str]) -> Heart:
    def take_over(executor: str) -> int:
        taken.append(executor)
        return 1

    return Heart(database, name, take_over, lambda: None, beat=60, dead=30)


def test_only_the_silent_are_taken_over_and_each_once(database: Database) -> None:
    silent(database, "dead", 31)
    silent(database, "slow", 20)
    taken: list[str] = []
    one, two = heart(database, "one", taken), heart(database, "two", taken)
    one.register()
    two.register()
    assert one.look_after() + two.look_after() == 1
    assert taken == ["dead"]
    with database.engine.connect() as connection:
        names = set(connection.execute(sa.select(WORKERS.c.executor)).scalars())
    assert names == {"one", "two", "slow"}


def test_a_dead_worker_stays_when_its_work_could_not_be_put_back(database: Database) -> None:
    silent(database, "dead", 31)

    def fail(executor: str) -> int:
        raise sa.exc.OperationalError("put back", None, Exception("away"))

    failing = Heart(database, "one", fail, lambda: None)
    with pytest.raises(sa.exc.OperationalError):
        failing.look_after()
    taken: list[str] = []
    assert heart(database, "two", taken).look_after() == 1
    assert taken == ["dead"]


def test_of_several_workers_one_sweeps_in_its_time(database: Database) -> None:
    assert [my_turn(database, "sweep", 60) for _ in range(3)] == [True, False, False]
    assert my_turn(database, "something else", 0)
    assert my_turn(database, "something else", 0)


def test_tables_are_made_once_by_whoever_comes_first(tmp_path: Path, shared_url: str) -> None:
    with working(tmp_path / "one", "one", shared_url), working(tmp_path / "two", "two", shared_url):
        pass
    settings = load_settings(state_dir=tmp_path / "three", database_url=shared_url)
    with opened(settings) as database, database.engine.connect() as connection:
        assert list(connection.execute(sa.select(PLANS))) == []


def test_a_database_that_is_away_is_said_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://genesis:s3cr3t-word@127.0.0.1:9/genesis"
    settings = load_settings(state_dir=tmp_path, database_url=url)
    with pytest.raises(Unusable, match="does not answer") as raised, opened(settings):
        pass
    assert "s3cr3t-word" not in str(raised.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "postgresql://"])
def test_what_is_no_address_of_a_postgres_is_said(tmp_path: Path, url: str) -> None:
    settings = load_settings(state_dir=tmp_path, database_url=url)
    with pytest.raises(Unusable), opened(settings):
        pass
