"""The framing of git's protocol: four hexadecimal digits of length, then the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO

FLUSH = b"0000"
LONGEST = 65_516
"""Of the data of one line."""


class BrokenLine(ValueError):
    """No length, or less data than it says."""


def pkt_line(data: bytes) -> bytes:
    return b"%04x%s" % (len(data) + 4, data)


def read_lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Each line, None for a flush; ends with the stream. Raises BrokenLine."""
    while head := stream.read(4):
        try:
            length = int(head, 16) if len(head) == 4 else -1
        except ValueError:
            length = -1
        data = stream.read(length - 4) if length > 4 else b""
        if length < 0 or 0 < length < 4 or len(data) != max(length - 4, 0):
            raise BrokenLine(f"{head!r} is no length of a line")
        yield None if length == 0 else data


def side_band(band: int, data: bytes) -> Iterator[bytes]:
    """Data for one band of a multiplexed answer."""
    step = LONGEST - 1
    for start in range(0, len(data), step):
        yield pkt_line(bytes((band,)) + data[start : start + step])


def joined(lines: Iterable[bytes | None]) -> bytes:
    return b"".join(FLUSH if line is None else pkt_line(line) for line in lines)
