"""The ingress as the server keeps it: up, or said to be down."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.errors import Unusable
from bot.server.process import IngressProcess
from bot.settings import load_settings
from tests.durable.support import until
from tests.server.ingress.support import SECRET, asking, headers_of, kept, signed

BODY = b'{"action": "opened"}'


@contextmanager
def started(folder: Path, port: int = 0) -> Iterator[IngressProcess]:
    settings = load_settings(state_dir=folder, github_webhook_secret=SECRET)
    process = IngressProcess(settings, folder / "inbox", "127.0.0.1", port)
    process.start()
    try:
        yield process
    finally:
        process.stop()


def send(process: IngressProcess) -> int:
    with asking() as client:
        url = f"http://127.0.0.1:{process.port}/webhook"
        return client.post(url, content=BODY, headers=headers_of(BODY)).status_code


def test_it_takes_deliveries_and_tells_their_number(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        assert process.alive
        assert process.port > 0
        assert send(process) == 202
        until(lambda: process.counts.get("answers") == {"202": 1})
        pid = process.pid
    assert (process.alive, process.pid, process.deaths) == (False, 0, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert len(kept(tmp_path / "inbox")) == 1


def test_one_that_dies_is_started_again_on_its_port(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        port, first = process.port, process.pid
        assert send(process) == 202
        os.kill(first, signal.SIGKILL)
        until(lambda: process.deaths == 1 and process.alive)
        assert (process.port, process.pid != first) == (port, True)
        assert send(process) == 202
    assert len(kept(tmp_path / "inbox")) == 2


def test_a_port_that_is_taken_is_said_and_not_tried_for_ever(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(Unusable, match=f"cannot listen on 127.0.0.1:{port}"),
            started(tmp_path, port),
        ):
            pass


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_secret_it_does_not_start(tmp_path: Path, secret: str | None) -> None:
    """Anybody could sign with none, and an empty file is one of no letters."""
    settings = load_settings(state_dir=tmp_path, github_webhook_secret=secret)
    process = IngressProcess(settings, tmp_path / "inbox", "127.0.0.1", 0)
    with pytest.raises(Unusable, match="no webhook secret"):
        process.start()
    assert not (tmp_path / "inbox").exists()


def test_a_secret_with_odd_letters_arrives_as_it_is(tmp_path: Path) -> None:
    secret = 'a "quoted" \\ secret, ümläut\n and a second line'
    settings = load_settings(state_dir=tmp_path, github_webhook_secret=secret)
    process = IngressProcess(settings, tmp_path / "inbox", "127.0.0.1", 0)
    process.start()
    try:
        headers = headers_of(BODY) | {"x-hub-signature-256": signed(BODY, secret)}
        with asking() as client:
            url = f"http://127.0.0.1:{process.port}/webhook"
            assert client.post(url, content=BODY, headers=headers).status_code == 202
    finally:
        process.stop()
