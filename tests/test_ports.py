from __future__ import annotations

import socket

from tests.ports import HOST, free_port


def test_a_server_can_have_the_port_and_nobody_else_is_given_it() -> None:
    ports = {free_port() for _ in range(50)}
    assert len(ports) == 50
    given: set[int] = set()
    for _ in range(500):
        with socket.socket() as other:
            other.bind((HOST, 0))
            given.add(other.getsockname()[1])
    assert not ports & given
    with socket.create_server((HOST, ports.pop())):
        pass
