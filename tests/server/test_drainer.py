"""From the inbox to the queue: each delivery once, and none in the way of another."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bot.durable import engine
from bot.durable.database import opened
from bot.durable.meters import Meters
from bot.durable.periodic import Enough
from bot.durable.reacted import Reacted
from bot.server.drainer import Drainer
from bot.server.inbox import KEPT, SegmentInbox
from bot.server.ingress.records import Delivery, Position, path_of, segments
from bot.server.ingress.segment_log import SegmentLog
from bot.settings import Settings
from tests.durable.support import Actor, until
from tests.server.payloads import delivery, labelled, payload


@pytest.fixture(scope="module")
def actor() -> Actor:
    return Actor()


@pytest.fixture(scope="module", autouse=True)
def running(tmp_path_factory: pytest.TempPathFactory, actor: Actor) -> Iterator[None]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("state"))
    with (
        opened(settings) as database,
        engine.running(database.url, actor, executor="genesis-1", drain=lambda: 1),
    ):
        yield


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SegmentLog]:
    made = SegmentLog(tmp_path)
    yield made
    made.close()


@pytest.fixture
def drainer(tmp_path: Path) -> Drainer:
    return Drainer(SegmentInbox(tmp_path), "otp-genesis[bot]", Meters())


def counted(drainer: Drainer) -> dict[str, int]:
    """Deliveries by `event fate`."""
    samples = next(iter(drainer.meters.deliveries.collect())).samples
    return {
        f"{s.labels['event']} {s.labels['fate']}": int(s.value)
        for s in samples
        if s.name.endswith("_total")
    }


def test_a_delivery_becomes_a_hint(actor: Actor, drainer: Drainer, log: SegmentLog) -> None:
    one = labelled(1)
    log.write([one])
    assert drainer.drain() == 1
    until(lambda: engine.fate_of(one.guid) == "done")
    ((hint, _),) = [given for given in actor.given if given[0].delivery == one.guid]
    assert (hint.event, hint.plan, hint.labelled) == ("issues.labeled", "1", "otp-refactor")
    assert counted(drainer) == {"issues.labeled enqueued": 1}


def test_what_is_not_for_us_is_counted_and_nothing_more(
    actor: Actor, drainer: Drainer, log: SegmentLog
) -> None:
    ours = payload(action="labeled", issue={"number": 1}, label={"name": "x"})
    ours["sender"] = {"login": "otp-genesis[bot]", "type": "Bot"}
    foreign = [
        delivery("ping", {"zen": "Design for failure."}),
        delivery("star", payload(action="created")),
        delivery("something_new", payload(action="invented", thing=[1, 2])),
        delivery("issues", ours),
    ]
    log.write(foreign)
    assert drainer.drain() == 4
    assert counted(drainer) == {
        "ping ignored": 1,
        "star ignored": 1,
        "something_new ignored": 1,
        "issues ignored": 1,
    }
    assert not [h for h, _ in actor.given if h.delivery in {d.guid for d in foreign}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"null",
        b"[" * 100_000,
        b'{"issue": {"number": ' + b"9" * 5000 + b"}}",
        b'{"repository": {"full_name": "\\ud800"}}',
        b'{"issue": 5}',
        b"payload=",
        b"payload=%7B",
    ],
    ids=range(12),
)
def test_what_does_not_read_is_counted_and_stops_nobody(
    drainer: Drainer, log: SegmentLog, body: bytes
) -> None:
    after = labelled(2)
    log.write([delivery("issues", body), after])
    assert drainer.drain() == 2
    assert counted(drainer) == {"issues unreadable": 1, "issues.labeled enqueued": 1}
    assert engine.fate_of(after.guid) != "unknown"


def test_a_hook_that_sends_forms_is_read_too(drainer: Drainer, log: SegmentLog) -> None:
    body = urlencode({"payload": json.dumps(payload(action="opened", issue={"number": 3}))})
    log.write([delivery("issues", body.encode())])
    drainer.drain()
    assert counted(drainer) == {"issues.opened enqueued": 1}


def test_a_delivery_that_comes_twice_is_worked_on_once(
    actor: Actor, drainer: Drainer, log: SegmentLog
) -> None:
    one = labelled(4)
    log.write([one, one])
    drainer.drain()
    until(lambda: engine.fate_of(one.guid) == "done")
    log.write([one])
    drainer.drain()
    assert counted(drainer) == {"issues.labeled enqueued": 1, "issues.labeled repeated": 2}
    assert actor.seen(one.guid) == [0]


def test_what_failed_and_is_delivered_again_is_looked_at_anew(
    actor: Actor, drainer: Drainer, log: SegmentLog
) -> None:
    one = labelled(5)
    actor.answers[one.guid] = [RuntimeError("a bug that is mended meanwhile")]
    log.write([one])
    drainer.drain()
    until(lambda: engine.fate_of(one.guid) == "failed")
    log.write([one])
    drainer.drain()
    again = until(lambda: [h for h, _ in actor.given if h.delivery.startswith(f"{one.guid}+")])
    until(lambda: engine.fate_of(again[0].delivery) == "done")
    assert (again[0].plan, again[0].labelled) == ("5", "otp-refactor")
    assert counted(drainer) == {"issues.labeled enqueued": 2}


def test_what_is_tried_again_later_is_not_begun_a_second_time(
    actor: Actor, drainer: Drainer, log: SegmentLog
) -> None:
    one = labelled(6)
    actor.answers[one.guid] = [Reacted(again_after=1.0)]
    log.write([one])
    drainer.drain()
    until(lambda: actor.seen(one.guid))
    log.write([one])
    drainer.drain()
    until(lambda: engine.fate_of(one.guid) == "done")
    assert actor.seen(one.guid) == [0, 1]
    assert counted(drainer)["issues.labeled repeated"] == 1


def alive(drainer: Drainer) -> bool:
    return drainer.alive


class Taken:
    """Takes deliveries, and fails at some."""

    def __init__(self, *failing: str) -> None:
        self.guids: list[str] = []
        self.failing = set(failing)

    def __call__(self, one: Delivery) -> None:
        if one.guid in self.failing:
            raise ConnectionError("the database is away")
        self.guids.append(one.guid)


def test_reading_goes_on_where_the_last_process_stopped(tmp_path: Path, log: SegmentLog) -> None:
    log.write([labelled(1, f"{n}") for n in range(5)])
    first = Taken("3")
    with pytest.raises(ConnectionError):
        SegmentInbox(tmp_path).drain(first)
    assert first.guids == ["0", "1", "2"]
    second = Taken()
    inbox = SegmentInbox(tmp_path)
    assert inbox.drain(second) == 2
    assert second.guids == ["3", "4"]
    assert inbox.drain(second) == 0
    log.write([labelled(1, "5")])
    assert SegmentInbox(tmp_path).drain(second) == 1
    assert second.guids == ["3", "4", "5"]


@pytest.mark.parametrize("text", ["", "{", '{"segment": "x", "offset": 1}', "[]", "null"])
def test_a_place_that_does_not_read_means_from_the_beginning(
    tmp_path: Path, log: SegmentLog, text: str
) -> None:
    """A power cut leaves an empty file; all is taken again, and known by its GUID."""
    log.write([labelled(1, "0"), labelled(1, "1")])
    taken = Taken()
    SegmentInbox(tmp_path).drain(taken)
    (tmp_path / "position.json").write_text(text)
    SegmentInbox(tmp_path).drain(taken)
    assert taken.guids == ["0", "1"] * 2


def test_a_damaged_segment_is_left_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = SegmentLog(tmp_path)
    log.write([labelled(1, "0")])
    with path_of(tmp_path, 1).open("ab") as file:
        file.write(b"damaged" * 10)
    log.close()
    following = SegmentLog(tmp_path)
    following.write([labelled(1, "1")])
    following.close()
    taken = Taken()
    SegmentInbox(tmp_path).drain(taken)
    assert taken.guids == ["0", "1"]
    said = capsys.readouterr().out
    assert "segment_unreadable" in said
    assert "bytes=70" in said


def test_what_waits_is_told_in_bytes_and_seconds(tmp_path: Path, log: SegmentLog) -> None:
    inbox = SegmentInbox(tmp_path)
    assert inbox.waiting().bytes == 0
    log.write([labelled(1)])
    waiting = inbox.waiting()
    assert waiting.bytes == path_of(tmp_path, 1).stat().st_size
    assert 0 <= waiting.seconds < 30
    inbox.drain(Taken())
    assert (inbox.waiting().bytes, inbox.waiting().seconds) == (0, 0.0)


def test_old_segments_go_once_they_are_taken(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, segment=10)
    for n in range(4):
        log.write([labelled(1, str(n))])
    log.close()
    old = time.time() - KEPT - 60
    for number in (1, 2, 4):
        os.utime(path_of(tmp_path, number), (old, old))
    inbox = SegmentInbox(tmp_path)
    inbox.tidy()
    assert segments(tmp_path) == [1, 2, 3, 4]
    inbox.drain(Taken())
    inbox.tidy()
    assert segments(tmp_path) == [3, 4]
    assert inbox.drain(Taken()) == 0
    assert inbox._place() == Position(4, path_of(tmp_path, 4).stat().st_size)


def test_the_thread_takes_what_comes_in_and_stops(
    drainer: Drainer, log: SegmentLog, actor: Actor
) -> None:
    drainer.start()
    try:
        assert alive(drainer)
        one = labelled(8)
        log.write([one])
        until(lambda: engine.fate_of(one.guid) == "done")
    finally:
        drainer.stop()
    assert not alive(drainer)
    log.write([labelled(8)])
    with pytest.raises(Enough):
        drainer.drain()
    assert drainer.inbox.waiting().bytes > 0


def test_comments_and_ticks_are_brought_with_their_words(
    actor: Actor, drainer: Drainer, log: SegmentLog
) -> None:
    said = payload(
        action="created",
        issue={"number": 9},
        comment={"id": 44, "body": "/genesis fix stage 2", "user": {"login": "writer"}},
    )
    marker = "<!-- genesis plan=9 kind=dashboard -->"
    ticked = payload(
        action="edited",
        issue={"number": 9},
        comment={"id": 45, "body": f"- [x] Approve\n{marker}"},
        changes={"body": {"from": f"- [ ] Approve\n{marker}"}},
    )
    both = [delivery("issue_comment", said), delivery("issue_comment", ticked)]
    log.write(both)
    drainer.drain()
    until(lambda: all(engine.fate_of(d.guid) == "done" for d in both))
    first, second = (h for d in both for h, _ in actor.given if h.delivery == d.guid)
    assert first.said is not None
    assert (first.said.id, first.said.body) == (44, "/genesis fix stage 2")
    assert second.ticked is not None
    assert (second.ticked.comment, second.ticked.actor) == (45, "writer")
    assert second.ticked.before.startswith("- [ ]")
    assert second.ticked.after.startswith("- [x]")


def test_a_drainer_that_was_held_up_takes_all_in_one_go(
    drainer: Drainer, log: SegmentLog, actor: Actor
) -> None:
    many = [labelled(10 + n % 3) for n in range(250)]
    log.write(many)
    assert drainer.drain() == 250
    assert drainer.drain() == 0
    assert {engine.fate_of(d.guid) for d in many} <= {"waiting", "done"}
