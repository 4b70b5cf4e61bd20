"""The isolation that all other tests rely on."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import NetworkTouched


def test_leaving_the_machine_fails() -> None:
    with socket.socket() as probe, pytest.raises(NetworkTouched, match=r"192\.0\.2\.1"):
        probe.connect(("192.0.2.1", 80))


def test_asking_for_a_name_fails() -> None:
    with pytest.raises(NetworkTouched, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_home_is_empty_but_for_the_git_identity() -> None:
    home = Path(os.environ["HOME"])
    assert "genesis-test-home-" in home.name
    assert not (home / ".mix").exists()
    author = subprocess.run(
        ["git", "config", "--get", "user.email"], capture_output=True, text=True, check=True
    )
    assert author.stdout == "author@example.invalid\n"


def test_secrets_of_the_caller_are_gone() -> None:
    suspicious = [name for name in os.environ if name.endswith(("_KEY", "_TOKEN", "_SECRET"))]
    assert suspicious == []
