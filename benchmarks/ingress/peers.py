"""The two servers, each on one core, and what is run beside them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROBOT = ROOT / ".probot"
SECRET = "It is the same for both"  # noqa: S105 - of two servers on this machine
BUSY = "import hashlib\nwhile True: hashlib.sha256(b'x' * 65536).hexdigest(); sorted(range(5000))"


@dataclass
class Peer:
    """A running server."""

    name: str
    process: subprocess.Popen[str]
    port: int

    @property
    def memory(self) -> float:
        """Resident, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(x for x in status.splitlines() if x.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@dataclass(frozen=True)
class Figures:
    """Of one run."""

    per_second: float
    p50: float
    p99: float
    count: int


def pinned(core: int) -> list[str]:
    """What keeps a command on a core, where that can be said."""
    if shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        return []
    return ["taskset", "-c", str(core)]


@contextmanager
def ours(folder: Path) -> Iterator[Peer]:
    """The ingress, durable."""
    options = json.dumps({"folder": str(folder), "host": "127.0.0.1", "port": 0})
    command = [sys.executable, "-m", "bot.server.ingress", options]
    with _running("ours", command, dict(os.environ)) as peer:
        yield peer


@contextmanager
def probot() -> Iterator[Peer]:
    """A minimal Probot app, which keeps nothing."""
    environment = {**os.environ, "SECRET": SECRET, "NODE_ENV": "production"}
    command = ["node", str(PROBOT / "app.mjs")]
    with _running("probot", command, environment) as peer:
        yield peer


@contextmanager
def _running(name: str, command: Sequence[str], environment: dict[str, str]) -> Iterator[Peer]:
    process = subprocess.Popen(
        [*pinned(0), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"secret": SECRET, "database": ""}) + "\n")
        process.stdin.flush()
        yield Peer(name, process, json.loads(process.stdout.readline())["ready"])
    finally:
        process.kill()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()


@contextmanager
def jobs(count: int) -> Iterator[None]:
    """Processes that are always busy, as those that analyse code; on all cores, politely."""
    running = [
        subprocess.Popen(["nice", "-n", "10", sys.executable, "-c", BUSY]) for _ in range(count)
    ]
    try:
        yield
    finally:
        for job in running:
            job.kill()
            job.wait(30)


def load(peer: Peer, connections: int, seconds: float, most: int = 10**9) -> Figures:
    """What it takes from that many clients; raises when one is not acknowledged."""
    options = {
        "port": peer.port,
        "secret": SECRET,
        "connections": connections,
        "seconds": seconds,
        "most": most,
    }
    command = [*pinned(1), sys.executable, "-m", "benchmarks.ingress.load", json.dumps(options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + 120)
    if done.returncode != 0:
        raise RuntimeError(f"the clients failed: {done.stderr[-1000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    if told["wrong"] or not told["count"]:
        raise RuntimeError(f"{peer.name}: {told['wrong']} of {told['count']} were not acknowledged")
    per_second = told["count"] / told["seconds"]
    return Figures(per_second, told["p50"] * 1000, told["p99"] * 1000, told["count"])


def sync_time(folder: Path, tries: int = 100) -> float:
    """Milliseconds that a write of a delivery and its fdatasync take there: the median."""
    path, taken = folder / "probe", []
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(tries):
            began = time.perf_counter()
            os.write(handle, b"x" * 12_000)
            os.fdatasync(handle)
            taken.append(time.perf_counter() - began)
    finally:
        os.close(handle)
        path.unlink()
    return sorted(taken)[tries // 2] * 1000
