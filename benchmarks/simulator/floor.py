"""The least a server of this kind costs: uvicorn and one Starlette route with a fixed answer."""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

BODY = b'{"message":"' + b"x" * 4000 + b'"}'
"""About as large as an issue."""


async def fixed(request: Request) -> Response:
    await request.body()
    return Response(BODY, media_type="application/json")


def main() -> None:
    methods = ["GET", "POST", "PATCH"]
    app = Starlette(routes=[Route("/{rest:path}", fixed, methods=methods)])
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
