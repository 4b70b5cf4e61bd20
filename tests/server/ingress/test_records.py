"""Whatever happens to the end of a log, what stands before it reads, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.server.ingress.records import (
    HEAD,
    Delivery,
    Position,
    encode,
    path_of,
    read,
    segments,
    waiting,
)

START = Position()
deliveries = st.builds(
    Delivery,
    guid=st.from_regex(r"[0-9a-f-]{1,36}", fullmatch=True),
    event=st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
    payload=st.binary(max_size=300),
    received=st.floats(0, 2e9),
)


def write(folder: Path, segment: int, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path_of(folder, segment).write_bytes(data)


def found(folder: Path, position: Position = START) -> list[Delivery]:
    return [delivery for delivery, _ in read(folder, position)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inbox")


@given(st.lists(deliveries, max_size=5))
def test_what_was_written_reads(folder: Path, written: list[Delivery]) -> None:
    write(folder, 1, b"".join(map(encode, written)))
    assert found(folder) == written


@given(st.lists(deliveries, min_size=1, max_size=4), st.data())
def test_a_log_that_is_cut_anywhere_loses_only_what_is_cut(
    folder: Path, written: list[Delivery], data: st.DataObject
) -> None:
    records = [encode(delivery) for delivery in written]
    whole = b"".join(records)
    cut = data.draw(st.integers(0, len(whole)))
    write(folder, 1, whole[:cut])
    ends = [sum(map(len, records[: n + 1])) for n in range(len(records))]
    assert found(folder) == [d for d, end in zip(written, ends, strict=True) if end <= cut]


@given(st.lists(deliveries, min_size=1, max_size=4), st.data())
def test_a_flipped_bit_loses_nothing_before_it_and_invents_nothing(
    folder: Path, written: list[Delivery], data: st.DataObject
) -> None:
    records = [encode(delivery) for delivery in written]
    whole = bytearray(b"".join(records))
    place = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[place // 8] ^= 1 << place % 8
    write(folder, 1, bytes(whole))
    ends = [sum(map(len, records[: n + 1])) for n in range(len(records))]
    untouched = [d for d, end in zip(written, ends, strict=True) if end <= place // 8]
    assert found(folder) == untouched


@given(st.lists(deliveries, min_size=1, max_size=3), st.binary(min_size=1, max_size=200))
def test_rubbish_behind_the_last_record_is_no_record(
    folder: Path, written: list[Delivery], rubbish: bytes
) -> None:
    write(folder, 1, b"".join(map(encode, written)) + rubbish)
    assert found(folder) == written


def test_a_payload_that_looks_like_records_stays_a_payload(tmp_path: Path) -> None:
    inner = encode(Delivery("forged", "issues", b"{}"))
    outer = Delivery("real", "issues", inner * 3)
    torn = encode(outer)[: HEAD.size + 60]
    write(tmp_path, 1, encode(outer) + torn + inner)
    assert found(tmp_path) == [outer]


def test_a_length_beyond_reason_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, 1, HEAD.pack(2**32 - 1, 0) + b"x" * 100)
    assert found(tmp_path) == []


def test_a_torn_segment_does_not_hide_the_next_one(tmp_path: Path) -> None:
    one, two = Delivery("1", "issues", b"{}"), Delivery("2", "push", b"[]")
    write(tmp_path, 1, encode(one) + encode(two)[:-1])
    write(tmp_path, 2, encode(two))
    assert [(d.guid, at.segment) for d, at in read(tmp_path, Position())] == [("1", 1), ("2", 2)]


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    written = [Delivery(str(n), "issues", bytes([n])) for n in range(6)]
    write(tmp_path, 1, b"".join(map(encode, written[:4])))
    write(tmp_path, 2, b"".join(map(encode, written[4:])))
    for count, (_, after) in enumerate(read(tmp_path, Position()), 1):
        assert found(tmp_path, after) == written[count:]


def test_a_position_beyond_a_segment_that_was_cut_back_goes_on_in_the_next(tmp_path: Path) -> None:
    """The reader may have seen a batch whose sync failed and which was then taken back."""
    one, two = Delivery("1", "issues", b"{}"), Delivery("2", "issues", b"{}")
    write(tmp_path, 1, encode(one))
    write(tmp_path, 2, encode(two))
    beyond = Position(1, len(encode(one)) * 3)
    assert found(tmp_path, beyond) == [two]
    assert waiting(tmp_path, beyond) == len(encode(two))


def test_what_waits_is_counted_from_the_position(tmp_path: Path) -> None:
    record = encode(Delivery("1", "issues", b"{}"))
    write(tmp_path, 3, record * 2)
    write(tmp_path, 4, record)
    (tmp_path / "notes.log").write_text("no segment")
    assert segments(tmp_path) == [3, 4]
    assert waiting(tmp_path, Position(3, len(record))) == 2 * len(record)
    assert waiting(tmp_path, Position(4, len(record))) == 0
    assert waiting(tmp_path / "absent", Position()) == 0
