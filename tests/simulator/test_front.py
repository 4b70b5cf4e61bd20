"""Who is at this machine, and what it is called."""

from __future__ import annotations

import pytest

from bot.simulator.front import is_loopback, is_ours


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("::ffff:192.0.2.7", False),
        ("192.0.2.7", False),
        ("localhost.stranger.example", False),
        ("", False),
    ],
)
def test_addresses_of_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("host", ["stranger.example", "localhost@stranger.example", "", "[", ":80"])
def test_names_of_strangers_are_not_ours(host: str) -> None:
    assert not is_ours(host, "http://127.0.0.1:4400")
