"""The process: `python -m bot.server.ingress JSON`, the secret on standard input.

An argument or the environment would show the secret to others on the machine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import uvicorn

from bot.server.ingress.app import Ingress


def main(arguments: list[str]) -> None:
    """Serve until told to stop; `{"folder", "host", "port"}` is the argument."""
    options = json.loads(arguments[0])
    secret = sys.stdin.buffer.readline().rstrip(b"\n")
    config = uvicorn.Config(
        Ingress(Path(options["folder"]), secret),
        host=options["host"],
        port=options["port"],
        log_level="warning",
        access_log=False,
        lifespan="on",
        loop="uvloop",
        http="httptools",
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
        backlog=2048,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(sys.argv[1:])
