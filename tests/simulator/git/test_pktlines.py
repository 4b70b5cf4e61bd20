"""The framing of git's protocol."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.git.pktlines import BrokenLine, joined, pkt_line, read_lines, side_band

LINES = st.lists(st.one_of(st.none(), st.binary(min_size=1, max_size=2000)))


@given(LINES)
def test_lines_are_read_as_written(lines: list[bytes | None]) -> None:
    assert list(read_lines(io.BytesIO(joined(lines)))) == lines


@given(st.binary(max_size=200_000))
def test_a_band_carries_everything(data: bytes) -> None:
    lines = list(read_lines(io.BytesIO(b"".join(side_band(2, data)))))
    assert b"".join(line[1:] for line in lines if line) == data
    assert all(line and line[0] == 2 and len(line) <= 65_516 for line in lines)


@pytest.mark.parametrize(
    "data", [b"0", b"zzzz", b"0001", b"0003x", b"0006a", b"-001", b" 1 0", b"0x1f"]
)
def test_broken_framing_is_told(data: bytes) -> None:
    with pytest.raises(BrokenLine):
        list(read_lines(io.BytesIO(data)))


@given(st.binary())
def test_any_bytes_are_lines_or_broken(data: bytes) -> None:
    try:
        lines = list(read_lines(io.BytesIO(data)))
    except BrokenLine:
        return
    assert joined(lines).lower() == data.lower()


def test_an_empty_line_is_not_a_flush() -> None:
    assert list(read_lines(io.BytesIO(pkt_line(b"") + b"0000"))) == [b"", None]
