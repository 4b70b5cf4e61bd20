"""Sealed boxes, against ones that libsodium made."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.actions.service.sealing import NotSealed, public_of, unseal

PRIVATE = bytes(range(32))
BOX = base64.b64decode("cxW1dueoCfxyGc2NwQHsi7Y11yRuKwOzj1RF5hAKEwQwFQX9gCETmj2T5jG7AdicxD7bdA==")
"""Made by libsodium for PRIVATE; it holds `hush`."""


def test_a_box_of_libsodium_is_opened() -> None:
    assert unseal(BOX, PRIVATE) == b"hush"
    assert base64.b64encode(public_of(PRIVATE)) == b"j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8="


@pytest.mark.parametrize("place", [0, 31, 32, 47, 48, 51])
def test_a_box_that_was_touched_is_refused(place: int) -> None:
    touched = bytearray(BOX)
    touched[place] ^= 1
    with pytest.raises(NotSealed):
        unseal(bytes(touched), PRIVATE)


def test_a_box_for_somebody_else_is_refused() -> None:
    with pytest.raises(NotSealed):
        unseal(BOX, bytes(32))


@given(st.binary(max_size=120))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotSealed):
        unseal(data, PRIVATE)
