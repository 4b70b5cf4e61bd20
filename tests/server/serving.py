"""`genesis serve` as its user starts it, before a local GitHub."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.durable.support import until
from tests.github.hub import Hub
from tests.simulator.process import simulating

ROOT = Path(__file__).resolve().parents[2]
CODE = "from bot.cli import main; main()"
LABEL = "otp-refactor"
HERE = "/repos/acme/courier"


@contextmanager
def local_github(folder: Path, webhook_port: int) -> Iterator[Hub]:
    """A local GitHub over the sample application, which sends its events to that port."""
    courier = folder / "courier"
    ignored = shutil.ignore_patterns("_build", "deps")
    shutil.copytree(ROOT / "examples" / "courier", courier, ignore=ignored)
    url = f"http://127.0.0.1:{webhook_port}/webhook"
    options = ("--state", folder / "github", "--webhook-url", url, "--no-limits")
    with simulating(f"courier={courier}", *options) as (_, said):
        hub = Hub(said)
        try:
            yield hub
        finally:
            hub.close()


def settings_for(hub: Hub, state: Path, **more: str) -> dict[str, str]:
    """The environment that makes a server the App of this GitHub."""
    app = hub.said["app"]
    return {
        "GENESIS_GITHUB_APP_ID": str(app["id"]),
        "GENESIS_GITHUB_PRIVATE_KEY_FILE": app["private_key"],
        "GENESIS_GITHUB_WEBHOOK_SECRET": app["webhook_secret"],
        **places(hub, state),
        **more,
    }


def places(hub: Hub, state: Path) -> dict[str, str]:
    """Which GitHub, and which folder."""
    return {
        "GENESIS_GITHUB_API_URL": hub.said["api"],
        "GENESIS_GITHUB_SERVER_URL": hub.said["url"],
        "GENESIS_GITHUB_PACE": "0",
        "GENESIS_STATE_DIR": str(state),
    }


@dataclass
class Bot:
    """A server that was started."""

    process: subprocess.Popen[str]
    log_file: Path
    said: dict[str, Any] = field(default_factory=dict)
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=30))

    def hear(self) -> dict[str, Any]:
        """The next line it prints: one JSON document."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it said nothing: {self.log_text()[-3000:]}"
        self.said = json.loads(line)
        return self.said

    def page(self, path: str, status: int = 200) -> httpx.Response:
        """A page of its operator's."""
        answer = self._client.get(f"{self.said['pages']}{path}")
        assert answer.status_code == status, answer.text
        return answer

    def metric(self, name: str) -> float:
        """The value of a metric, 0 where it is not there."""
        for line in self.page("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code, once it has ended."""
        self.process.send_signal(how)
        return self.process.wait(60)

    def close(self) -> None:
        """Let it be gone."""
        self._client.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def log_text(self) -> str:
        """What it wrote to standard error."""
        return self.log_file.read_text(errors="replace")

    def events(self) -> list[dict[str, Any]]:
        """Its log."""
        lines = self.log_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def serving(
    folder: Path, environment: Mapping[str, str], *options: str, port: int = 0
) -> Iterator[Bot]:
    """A server that was started, ready or not."""
    folder.mkdir(parents=True, exist_ok=True)
    log_file = folder / "server.log"
    command = [sys.executable, "-c", CODE, "serve", "--json", "--port", str(port)]
    with log_file.open("a") as log:
        process = subprocess.Popen(
            [*command, "--pages-port", "0", *options],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    bot = Bot(process, log_file)
    try:
        yield bot
    finally:
        bot.close()


def labelled(hub: Hub, title: str = "Make this truly fault-tolerant") -> int:
    """Number of a new issue that was given the label."""
    writer = hub.hand("writer")
    issue = writer.post(f"{HERE}/issues", json={"title": title, "body": "It falls over."}).json()
    label(hub, issue["number"])
    return int(issue["number"])


def label(hub: Hub, number: int) -> None:
    """Put our label on an issue."""
    answer = hub.hand("writer").post(f"{HERE}/issues/{number}/labels", json={"labels": [LABEL]})
    assert answer.status_code == 200, answer.text


def reading(hub: Hub, path: str) -> Any:
    """What a reader of the repository sees."""
    return hub.hand("reader").get(f"{HERE}{path}", params={"per_page": 100}).json()


def planned(hub: Hub, number: int) -> bool:
    """Whether the issue has its five stages and the dashboard links them."""
    return len(reading(hub, f"/issues/{number}/sub_issues")) == 5


def until_planned(hub: Hub, number: int) -> None:
    """Wait for the whole plan."""
    until(lambda: planned(hub, number), 60)
