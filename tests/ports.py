"""Ports for servers of tests, which must be known before the server listens."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """A port of the loopback that is free now and is given to nobody else for a minute.

    A port that was only bound and closed goes to the next connection that asks for any. One
    whose connection this side closed first waits out its time (RFC 9293, 3.6.1): the kernel
    hands it to nobody, and who names it (with SO_REUSEADDR, as servers do) may have it.
    """
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, 0))
        server.listen(1)
        address: tuple[str, int] = server.getsockname()
        with socket.create_connection(address) as client:
            accepted, _ = server.accept()
            accepted.close()
            client.recv(1)
        return address[1]
