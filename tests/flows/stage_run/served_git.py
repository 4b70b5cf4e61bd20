"""Repositories over the network, as a dependency comes: git's own daemon, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address below which the repositories in `folder` are."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    core = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)
    command = [
        *(f"{core.stdout.strip()}/git-daemon", "--export-all", f"--base-path={folder}"),
        *("--listen=127.0.0.1", f"--port={port}", "--informative-errors"),
    ]
    # Who owns the folder is nobody's business here.
    env = os.environ | {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory"}
    with subprocess.Popen(command, env=env | {"GIT_CONFIG_VALUE_0": "*"}) as daemon:
        try:
            _await(port, daemon)
            yield f"git://127.0.0.1:{port}"
        finally:
            daemon.terminate()


def _await(port: int, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and daemon.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("git-daemon does not answer")
