"""Files as they should not be: valid ones, damaged as a disk or an editor damages them."""

from __future__ import annotations

import random
from collections.abc import Callable

Damage = Callable[[bytes, random.Random], bytes]


def seeded(number: int) -> random.Random:
    """Chance that comes out the same each time."""
    return random.Random(number)


def cut(data: bytes, rng: random.Random) -> bytes:
    """A part of it."""
    start, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    return data[start:end]


def flipped(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, mostly to other text."""
    broken = bytearray(data)
    for _ in range(rng.randint(1, 20) if data else 0):
        broken[rng.randrange(len(broken))] = rng.choice(b" \n\t()[]{}<>|&,.:;'\"#@%^~\\=a0_-")
    return bytes(broken)


def deleted(data: bytes, rng: random.Random) -> bytes:
    """Some stretches gone."""
    for _ in range(rng.randint(1, 5)):
        start = rng.randrange(len(data) + 1)
        data = data[:start] + data[start + rng.randint(1, 40) :]
    return data


def doubled(data: bytes, rng: random.Random) -> bytes:
    """Some stretches twice, the second time elsewhere."""
    for _ in range(rng.randint(1, 5)):
        start, at = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
        data = data[:at] + data[start : start + rng.randint(1, 200)] + data[at:]
    return data


def words_moved(data: bytes, rng: random.Random) -> bytes:
    """Words in places of others."""
    words = data.split(b" ")
    for _ in range(rng.randint(1, 8)):
        words[rng.randrange(len(words))] = rng.choice(words)
    return b" ".join(words)


def without_ends(data: bytes, rng: random.Random) -> bytes:
    """Some `end`, `do` or `fn` gone, or one too many."""
    word = rng.choice((b"end", b"do", b"fn", b"->", b'"""'))
    return data.replace(word, rng.choice((b"", word + b" " + word)), rng.randint(1, 3))


def marked(data: bytes, _: random.Random) -> bytes:
    """With a byte order mark."""
    return b"\xef\xbb\xbf" + data


def other_line_ends(data: bytes, rng: random.Random) -> bytes:
    """Line ends of Windows or of old Macs."""
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r")))


def with_nul(data: bytes, rng: random.Random) -> bytes:
    """With NUL bytes."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + b"\0" * rng.randint(1, 5) + data[at:]


def not_utf8(data: bytes, rng: random.Random) -> bytes:
    """With bytes that are no UTF-8."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88")) + data[at:]


def nested(data: bytes, rng: random.Random) -> bytes:
    """Inside something that never ends."""
    opening = rng.choice(
        (b"(", b"[", b"{", b"fn -> ", b"%{a: ", b"f(", b"if x do\n", b"defmodule A do\n", b"x |> ")
    )
    return opening * rng.choice((5, 60, 400, 3_000)) + data


DAMAGES: tuple[Damage, ...] = (
    cut, flipped, deleted, doubled, words_moved, without_ends, marked, other_line_ends, with_nul,
    not_utf8, nested,
)  # fmt: skip
