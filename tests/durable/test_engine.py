"""DBOS as we use it, on SQLite: each of its traps that we know of, and what we build upon it."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from dbos import DBOS

from bot.core.events import Hint, Said, Ticked
from bot.durable import engine
from bot.durable.database import Database, opened
from bot.durable.reacted import Reacted
from bot.errors import Busy
from bot.settings import Settings
from tests.durable.support import Actor, hint_for, until


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(state_dir=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def actor() -> Actor:
    return Actor()


@pytest.fixture(scope="module", autouse=True)
def database(settings: Settings, actor: Actor) -> Iterator[Database]:
    """One engine for all tests: to end it takes a second."""
    with (
        opened(settings) as found,
        engine.running(found.url, actor, executor="genesis-1", drain=lambda: 1),
    ):
        yield found


@pytest.fixture
def name() -> str:
    """A delivery nobody had before."""
    return str(uuid.uuid4())


def ended(delivery: str) -> bool:
    return engine.fate_of(delivery) in ("done", "failed")


def rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(settings.state_dir / "server" / "durable.sqlite") as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


def everything(settings: Settings) -> Iterator[str]:
    """Every text in the database."""
    for (table,) in rows(settings, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in rows(settings, f"SELECT * FROM {table}"):  # noqa: S608 - a name it told us
            yield from (value for value in row if isinstance(value, str))


def test_a_delivery_is_worked_on_once_however_often_it_is_enqueued(actor: Actor, name: str) -> None:
    threads = [threading.Thread(target=engine.enqueue, args=(hint_for(1, name),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: ended(name))
    engine.enqueue(hint_for(1, name))
    other = f"{name}-after"
    engine.enqueue(hint_for(1, other))
    until(lambda: ended(other))
    assert actor.seen(name) == [0]


def test_what_only_the_delivery_could_tell_comes_through(actor: Actor, name: str) -> None:
    said = Said(id=9, body='/genesis fix stage 2\n\u0000 "quoted" \U0001f600 ' + "x" * 60_000)
    ticked = Ticked(comment=4, actor="writer", before="- [ ] a", after="- [x] a")
    hint = hint_for(1, name, event="issue_comment.created", sender="writer", said=said)
    hint = hint.model_copy(update={"ticked": ticked, "labelled": "otp-refactor"})
    engine.enqueue(hint)
    until(lambda: ended(name))
    assert [h for h, _ in actor.given if h.delivery == name] == [hint]


def test_a_plan_is_worked_on_by_one_at_a_time_and_plans_beside_each_other(
    actor: Actor, name: str
) -> None:
    held = [threading.Event() for _ in range(3)]
    for plan, event in enumerate(held, 11):
        # Whichever of them comes first.
        actor.hold |= {f"{name}-{plan}-{n}": event for n in range(3)}
        for n in range(3):
            engine.enqueue(hint_for(plan, f"{name}-{plan}-{n}"))
    until(lambda: {f"acme/shop#{plan}" for plan in (11, 12, 13)} <= actor.busy)
    begun = [h.plan for h, _ in actor.given if h.delivery.startswith(name)]
    assert sorted(begun) == ["11", "12", "13"]
    for event in held:
        event.set()
    until(lambda: all(ended(f"{name}-{plan}-{n}") for plan in (11, 12, 13) for n in range(3)))
    assert actor.overlaps == []


def test_two_names_of_one_repository_are_not_worked_on_at_once(actor: Actor, name: str) -> None:
    """Around a rename deliveries come with either; what stays is the repository's id."""
    held = actor.hold[f"{name}-old"] = threading.Event()
    for which in ("old", "new"):
        hint = hint_for(14, f"{name}-{which}", repository=f"acme/{which}", repository_id=99)
        engine.enqueue(hint)
        until(lambda: actor.seen(f"{name}-old"))
    other = hint_for(14, f"{name}-other", repository="acme/another", repository_id=98)
    engine.enqueue(other)
    until(lambda: ended(other.delivery))
    assert actor.seen(f"{name}-new") == []
    held.set()
    until(lambda: ended(f"{name}-new"))


def test_what_has_to_wait_is_tried_again_and_keeps_nobody_waiting(actor: Actor, name: str) -> None:
    actor.answers[name] = [Reacted(again_after=1.5), Reacted(status="open")]
    engine.enqueue(hint_for(21, name))
    until(lambda: actor.seen(name))
    began = time.monotonic()
    other = f"{name}-other"
    engine.enqueue(hint_for(21, other))
    until(lambda: ended(other))
    assert actor.seen(name) == [0]
    assert engine.fate_of(name) == "waiting"
    until(lambda: engine.fate_of(name) == "done")
    assert actor.seen(name) == [0, 1]
    assert time.monotonic() - began > 1


def test_what_is_never_answered_is_given_up_and_counts_as_failed(actor: Actor, name: str) -> None:
    actor.answers[name] = [Reacted(again_after=0.0)] * (engine.MOST_TRIES + 5)
    engine.enqueue(hint_for(22, name))
    until(lambda: engine.fate_of(name) == "failed", 60)
    assert actor.seen(name) == list(range(engine.MOST_TRIES))


def test_a_bug_in_a_reaction_is_a_failed_delivery_and_stops_nobody(actor: Actor, name: str) -> None:
    actor.answers[name] = [ZeroDivisionError("unforeseen")]
    engine.enqueue(hint_for(23, name))
    until(lambda: engine.fate_of(name) == "failed")
    engine.enqueue(hint_for(23, f"{name}-next"))
    until(lambda: engine.fate_of(f"{name}-next") == "done")
    assert actor.seen(name) == [0]


def test_a_hint_about_a_repository_becomes_one_for_each_plan(actor: Actor, name: str) -> None:
    actor.answers[name] = [Reacted(plans=("acme/shop#31", "acme/other#7"))]
    hint = Hint(delivery=name, event="push", scope="repository", installation=7, sender="writer")
    engine.enqueue(hint.model_copy(update={"repository": "acme/shop"}))
    until(lambda: ended(f"{name}:acme/shop#31") and ended(f"{name}:acme/other#7"))
    found = {h.repository: h for h, _ in actor.given if h.delivery.startswith(f"{name}:")}
    assert {(h.scope, h.plan, h.sender, h.installation) for h in found.values()} == {
        ("plan", "31", "writer", 7),
        ("plan", "7", "writer", 7),
    }


def test_a_hint_about_an_installation_becomes_one_for_each_repository(
    actor: Actor, name: str
) -> None:
    actor.answers[name] = [Reacted(repositories=((3, "acme/shop"), (4, "acme/other")))]
    event = "installation.created"
    engine.enqueue(Hint(delivery=name, event=event, scope="installation", installation=7))
    until(lambda: ended(f"{name}:acme/shop") and ended(f"{name}:acme/other"))
    found = [h for h, _ in actor.given if h.delivery.startswith(f"{name}:")]
    about = {(h.scope, h.repository, h.repository_id, h.installation, h.event) for h in found}
    assert about == {
        ("repository", "acme/shop", 3, 7, event),
        ("repository", "acme/other", 4, 7, event),
    }


def test_a_timer_comes_once_and_not_before_its_time(actor: Actor, name: str) -> None:
    at = datetime.now(UTC) + timedelta(seconds=2)
    for n in range(3):
        actor.answers[f"{name}-{n}"] = [Reacted(look_again=at.isoformat())]
        engine.enqueue(hint_for(41, f"{name}-{n}"))
    came = until(lambda: [h for h, _ in actor.given if h.event == "timer" and h.plan == "41"])
    assert datetime.now(UTC) >= at
    assert (came[0].scope, came[0].repository, came[0].installation) == ("plan", "acme/shop", 7)
    until(lambda: ended(came[0].delivery))
    assert len([h for h, _ in actor.given if h.event == "timer" and h.plan == "41"]) == 1


def test_a_timer_that_asks_for_a_later_one_gets_it(actor: Actor) -> None:
    first = datetime.now(UTC) + timedelta(seconds=1)
    hint = hint_for(42, "x")
    second = first + timedelta(seconds=2)
    name = f"timer:acme/shop#42:{-(-first.timestamp() // 1):.0f}"
    actor.answers[name] = [Reacted(look_again=second.isoformat())]
    engine.enqueue_timer(hint, first)
    until(lambda: len([h for h, _ in actor.given if h.event == "timer" and h.plan == "42"]) == 2)


def test_an_unknown_delivery_has_no_fate(name: str) -> None:
    assert engine.fate_of(name) == "unknown"


def test_what_has_ended_long_ago_is_forgotten_and_nothing_else(actor: Actor, name: str) -> None:
    actor.hold[f"{name}-busy"] = threading.Event()
    engine.enqueue(hint_for(51, f"{name}-busy"))
    for n in range(3):
        engine.enqueue(hint_for(52 + n, f"{name}-{n}"))
    until(lambda: all(ended(f"{name}-{n}") for n in range(3)))
    assert engine.forget() == 0
    assert engine.forget(datetime.now(UTC) + timedelta(seconds=5)) >= 3
    assert [engine.fate_of(f"{name}-{n}") for n in range(3)] == ["unknown"] * 3
    assert engine.fate_of(f"{name}-busy") == "waiting"
    assert engine.depth()["PENDING"] == 1
    actor.hold[f"{name}-busy"].set()
    until(lambda: ended(f"{name}-busy"))
    assert not engine.depth()


def test_a_sweep_is_worked_off_once_nothing_of_it_is_left(actor: Actor, name: str) -> None:
    assert engine.swept()
    sweep = f"sweep:{name}:acme/shop#61"
    actor.hold[sweep] = threading.Event()
    engine.enqueue(hint_for(61, sweep, event="sweep"))
    assert not engine.swept()
    actor.hold[sweep].set()
    until(engine.swept)


def test_a_second_process_on_the_same_folder_is_refused(settings: Settings) -> None:
    """Two on one SQLite broke the order within a plan in 4 of 6 trials."""
    with pytest.raises(Busy, match="another genesis serve uses"), opened(settings):
        pass


def test_the_database_writes_ahead(settings: Settings) -> None:
    """DBOS leaves the journal as it is, at twice the time for each enqueue."""
    assert rows(settings, "PRAGMA journal_mode") == [("wal",)]


def test_nothing_is_pickled(settings: Settings, name: str) -> None:
    """DBOS would by default, and whoever writes the database could then run code in us."""
    engine.enqueue(hint_for(71, name))
    until(lambda: ended(name))
    texts = list(everything(settings))
    assert not [text for text in texts if text.startswith("gAS")]
    read = [json.loads(text) for text in texts if text.startswith(("{", "["))]
    assert any(name in json.dumps(found) and "acme/shop" in json.dumps(found) for found in read)


def test_the_version_is_pinned(settings: Settings, name: str) -> None:
    """DBOS takes a hash of the source: after a deploy, what is under way would stay where it is."""
    engine.enqueue(hint_for(72, name))
    until(lambda: ended(name))
    found = DBOS.get_workflow_status(name)
    assert found is not None
    assert (found.app_version, found.queue_name, found.executor_id) == (
        engine.VERSION,
        engine.QUEUE,
        "genesis-1",
    )
    assert found.queue_partition_key == "acme/shop#72"


def test_a_partition_is_what_keeps_order_not_the_time_of_an_entry(actor: Actor, name: str) -> None:
    """On SQLite times have a second's resolution, and ties break by name: 1, 10, 2."""
    names = [f"{name}-{n}" for n in (1, 10, 2)]
    for one in names:
        engine.enqueue(hint_for(73, one))
    until(lambda: all(map(ended, names)))
    assert sorted(h.delivery for h, _ in actor.given if h.delivery in names) == sorted(names)
    assert actor.overlaps == []
