"""The ingress as its parent starts it, and deliveries as GitHub sends them."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bot.server.ingress.records import Delivery, Position, read

SECRET = "It's a Secret to Everybody"


class NotStarted(Exception):
    """It said why."""


@dataclass
class Ingress:
    """A running one."""

    process: subprocess.Popen[str]
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook"

    def kept(self) -> list[Delivery]:
        """What it has on the disk."""
        return kept(self.folder)

    def told(self) -> dict[str, Any]:
        """The next line it tells its parent."""
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


def kept(folder: Path) -> list[Delivery]:
    """Every delivery that reads."""
    return [delivery for delivery, _ in read(folder, Position())]


@contextmanager
def ingressing(
    folder: Path,
    *,
    port: int = 0,
    database: str = "",
    before: Callable[[], None] | None = None,
    wrapped: Sequence[str] = (),
) -> Iterator[Ingress]:
    """One that takes deliveries; `before` is called in the child, `wrapped` stands before it."""
    options = json.dumps({"folder": str(folder), "host": "127.0.0.1", "port": port})
    process = subprocess.Popen(
        [*wrapped, sys.executable, "-m", "bot.server.ingress", options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps({"secret": SECRET, "database": database}) + "\n")
        process.stdin.flush()
        ingress = Ingress(process, folder, 0)
        told = ingress.told()
        if "ready" not in told:
            raise NotStarted(told["failed"])
        ingress.port = told["ready"]
        yield ingress
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Kill it if it lives, and let go of its pipes."""
    process.kill()
    process.wait(30)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def signed(body: bytes, secret: str = SECRET) -> str:
    """The signature GitHub would send."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers_of(body: bytes, guid: str = "", event: str = "issues", **more: str) -> dict[str, str]:
    """The headers GitHub would send."""
    headers = {
        "x-github-delivery": guid or str(uuid.uuid4()),
        "x-github-event": event,
        "x-hub-signature-256": signed(body),
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/044aadd",
    }
    return headers | {name.replace("_", "-"): value for name, value in more.items()}


def asking() -> httpx.Client:
    """A client that goes straight to this machine."""
    return httpx.Client(trust_env=False, timeout=30)


def until(look: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found
