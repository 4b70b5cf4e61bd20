"""Who plays: a local GitHub, a Genesis server, and people who ask the one over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.flows.stage_run.caller import CALLER_FILE, caller_workflow

ROOT = Path(__file__).resolve().parents[2]
CODE = "from bot.cli import main; main()"
OWNER = "acme"
PACE = "0"
"""Seconds between creations: the local GitHub is asked not to enforce its rates."""

CONTRACT = """\
defmodule Courier.ContractTest do
  @moduledoc "What the partner has signed; only the pipeline of the team runs this."
  use ExUnit.Case

  @moduletag :contract

  test "webhooks go out as the partner audited it" do
    source = File.read!("lib/courier/webhooks.ex")
    assert source =~ "Task.start(", "lib/courier/webhooks.ex:1: under audit this year"
  end
end
"""

T = TypeVar("T")


class Failed(Exception):
    """The story went otherwise than told."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def onboarded(name: str, folder: Path) -> Path:
    """A sample application as a team would have it that uses us: with the workflow for stages."""
    app = folder / name
    ignored = shutil.ignore_patterns("_build", "deps")
    shutil.copytree(ROOT / "examples" / name, app, ignore=ignored)
    text = caller_workflow(owner=OWNER, ref="main", version="0.1.0")
    (app / ".github" / "workflows" / CALLER_FILE).write_text(text)
    return app


def add_contract(courier: Path) -> None:
    """A rule of the team's own, which only its pipeline knows: a file must stay as it is."""
    (courier / "test" / "contract_test.exs").write_text(CONTRACT)
    (courier / "test" / "test_helper.exs").write_text("ExUnit.start(exclude: [:contract])\n")
    checks = courier / ".github" / "workflows" / "ci.yml"
    text = checks.read_text()
    checks.write_text(text.replace("run: mix test ", "run: mix test --include contract "))


def called(folder: Path) -> Path:
    """The repository that holds the workflow which others call."""
    made = folder / "otp-genesis"
    (made / ".github" / "workflows").mkdir(parents=True)
    for name in ("stage.yml", "bot.yml"):
        shutil.copy(ROOT / ".github" / "workflows" / name, made / ".github" / "workflows")
    return made


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@dataclass
class Cast:
    """A running local GitHub with what is needed to play on it."""

    folder: Path
    said: dict[str, Any]
    port: int
    repo: str
    tell: Callable[[str], None] = field(default=_say)
    """Takes each line of the story."""
    server: subprocess.Popen[str] | None = None
    _people: dict[str, httpx.Client] = field(default_factory=dict)

    @property
    def here(self) -> str:
        """The repository's address in the API."""
        return f"{self.said['api']}/repos/{OWNER}/{self.repo}"

    def ask(self, who: str, method: str, path: str, **body: Any) -> Any:
        """JSON of the API as a person gets it; raises for a refusal."""
        answer = self._answer(who, method, path, body)
        return answer.json() if answer.content else None

    def text(self, path: str) -> str:
        """What is no JSON, as a reader."""
        return self._answer("reader", "GET", path, {}).text

    def _answer(self, who: str, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        if who not in self._people:
            headers = {"authorization": f"Bearer {self.said['tokens'][who]}"}
            self._people[who] = httpx.Client(
                headers=headers, trust_env=False, timeout=60, follow_redirects=True
            )
        answer = self._people[who].request(method, f"{self.here}{path}", json=body or None)
        if answer.status_code >= 400:
            raise Failed(f"{who}: {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def get(self, path: str) -> Any:
        """As a reader."""
        return self.ask("reader", "GET", path)

    def until(self, what: str, look: Callable[[], T | None], seconds: float = 300.0) -> T:
        """What `look` gives once it gives something; raises `Failed` with `what` in the end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            if self.server is not None and self.server.poll() is not None:
                raise Failed(f"the server ended with {self.server.returncode} before: {what}")
            time.sleep(0.25)
        raise Failed(f"not within {seconds:g} s: {what}")

    def begin_serving(self) -> None:
        """Start `genesis serve`, and wait until it takes webhooks."""
        pages = free_port()
        arguments = ["serve", "--json", "--port", str(self.port), "--pages-port", str(pages)]
        with (self.folder / "server.log").open("a") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-c", CODE, *arguments, "--sweep", "5"],
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.server.stdout is not None
        said = self.server.stdout.readline()
        if not said or "webhook" not in json.loads(said):
            raise Failed(f"the server does not start: {self.log()[-2000:]}")

    def end_serving(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, or with `SIGKILL` let it die."""
        # Given up before it dies: others watch whether the server ends by itself.
        server, self.server = self.server, None
        if server is not None:
            with server:
                server.send_signal(how)
                server.wait(60)

    def leave(self) -> None:
        """Everybody hangs up."""
        self.end_serving()
        for client in self._people.values():
            client.close()

    def faults(self, plan: Mapping[str, Any]) -> None:
        """Let things go wrong from now on, or with an empty plan no more."""
        url = f"{self.said['url']}/_simulator/faults"
        httpx.put(url, json=dict(plan), trust_env=False, timeout=60).raise_for_status()

    def log(self) -> str:
        """What the server wrote."""
        return (self.folder / "server.log").read_text(errors="replace")

    def _environment(self) -> Mapping[str, str]:
        app = self.said["app"]
        return {
            **_inherited(),
            "GENESIS_GITHUB_APP_ID": str(app["id"]),
            "GENESIS_GITHUB_PRIVATE_KEY_FILE": app["private_key"],
            "GENESIS_GITHUB_WEBHOOK_SECRET": app["webhook_secret"],
            "GENESIS_GITHUB_API_URL": self.said["api"],
            "GENESIS_GITHUB_SERVER_URL": self.said["url"],
            "GENESIS_GITHUB_PACE": PACE,
            "GENESIS_STATE_DIR": str(self.folder / "genesis"),
            "GENESIS_CACHE_DIR": str(self.folder / "cache"),
        }


@contextmanager
def playing(folder: Path, source: Path) -> Iterator[Cast]:
    """A local GitHub over `source`; the server is for the story to start."""
    port, repo = free_port(), source.name
    shared = f"otp-genesis={called(folder)}"
    arguments = [f"{repo}={source}", shared, "--state", str(folder / "github")]
    options = ["--webhook-url", f"http://127.0.0.1:{port}/webhook", "--no-limits", "--json"]
    with (folder / "github.log").open("a") as log:
        github = subprocess.Popen(
            [sys.executable, "-c", CODE, "simulate", "--port", "0", *arguments, *options],
            env=_inherited(),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with github:
        try:
            assert github.stdout is not None
            cast = Cast(folder, json.loads(github.stdout.readline()), port, repo)
            try:
                yield cast
            finally:
                cast.leave()
        finally:
            github.send_signal(signal.SIGINT)
            github.wait(30)


def _inherited() -> dict[str, str]:
    """This process's environment, with our own `genesis` where the runner looks for one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "no_proxy": "127.0.0.1,localhost"}
