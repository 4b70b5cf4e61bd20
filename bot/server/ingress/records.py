"""Deliveries on the disk: segment files of records, each with its length and checksum.

A record is two little-endian 32-bit numbers, length and CRC-32 of what follows, then a line of
JSON (GUID, event, time), then the payload byte by byte as GitHub sent it.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEAD = struct.Struct("<II")
LARGEST = 26 * 1024 * 1024
"""Bytes of a record: GitHub caps payloads at 25 MB."""
SUFFIX = ".log"


@dataclass(frozen=True)
class Delivery:
    """One delivery as it came in."""

    guid: str
    event: str
    payload: bytes
    received: float = 0.0
    """Seconds since 1970."""


@dataclass(frozen=True, order=True)
class Position:
    """Where in the log: number of the segment, offset in bytes."""

    segment: int = 1
    offset: int = 0


def encode(delivery: Delivery) -> bytes:
    """The record."""
    about = {"guid": delivery.guid, "event": delivery.event, "received": delivery.received}
    line = json.dumps(about).encode() + b"\n"
    checksum = zlib.crc32(delivery.payload, zlib.crc32(line))
    head = HEAD.pack(len(line) + len(delivery.payload), checksum)
    return b"".join((head, line, delivery.payload))


def path_of(folder: Path, segment: int) -> Path:
    """The file of a segment."""
    return folder / f"{segment:010d}{SUFFIX}"


def segments(folder: Path) -> list[int]:
    """Numbers of the segments there are, oldest first."""
    return sorted(int(path.stem) for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit())


def read(folder: Path, position: Position) -> Iterator[tuple[Delivery, Position]]:
    """Whole records from `position` on, each with the position after it.

    A segment is read up to what is not whole. In the newest one that is being written; in an older
    one it was torn by a crash or a full disk, and never acknowledged: a writer leaves such a
    segment for good. Which segments there are is asked first, so all but the last are complete.
    """
    for number in segments(folder):
        if number < position.segment:
            continue
        offset = position.offset if number == position.segment else 0
        for delivery, after in _records(path_of(folder, number), offset):
            yield delivery, Position(number, after)


def waiting(folder: Path, position: Position) -> int:
    """Bytes from `position` to the end of the log."""
    sizes = {n: path_of(folder, n).stat().st_size for n in segments(folder)}
    behind = {n: size for n, size in sizes.items() if n >= position.segment}
    read_already = min(position.offset, behind.get(position.segment, 0))
    return sum(behind.values()) - read_already


def _records(path: Path, offset: int) -> Iterator[tuple[Delivery, int]]:
    with path.open("rb") as file:
        file.seek(offset)
        while len(head := file.read(HEAD.size)) == HEAD.size:
            length, checksum = HEAD.unpack(head)
            body = file.read(length) if length <= LARGEST else b""
            if len(body) != length or not body or zlib.crc32(body) != checksum:
                return
            offset += HEAD.size + length
            yield _decode(body), offset


def _decode(body: bytes) -> Delivery:
    line, _, payload = body.partition(b"\n")
    about = json.loads(line)
    return Delivery(about["guid"], about["event"], payload, about["received"])


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
