"""Killed without warning, a simulator has lost nothing that it had answered for."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.tour.listener import Listener
from tests.simulator.process import simulating
from tests.simulator.support import SHOP, git, make_source

DEADLINE = 120.0
"""Far more than it takes: beside other work, a start and its first answers have taken thirty."""


@dataclass
class Load:
    """Writes until the server is gone, and remembers what was answered for."""

    said: dict[str, Any]
    checkout: Path
    issues: list[int] = field(default_factory=list)
    comments: list[int] = field(default_factory=list)
    pushed: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    """Why a writer stopped, as it must once the server is gone, and no sooner."""
    stop: threading.Event = field(default_factory=threading.Event)

    def write(self) -> None:
        headers = {"authorization": f"Bearer {self.said['tokens']['writer']}"}
        base = self.said["api"] + SHOP
        with httpx.Client(headers=headers, timeout=DEADLINE, trust_env=False) as client:

            def post(url: str, **body: object) -> Any:
                return client.post(url, json=body).raise_for_status().json()

            try:
                while not self.stop.is_set():
                    number = post(f"{base}/issues", title="t", labels=["bug"])["number"]
                    self.issues.append(number)
                    made = post(f"{base}/issues/{number}/comments", body="c")
                    self.comments.append(made["id"])
            except httpx.HTTPError as error:
                self.ended.append(repr(error))

    def push(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            name = f"refs/heads/topic-{number}"
            done = subprocess.run(
                ["git", "push", "-q", self.remote, f"HEAD:{name}"],
                cwd=self.checkout,
                env={"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0"},
                capture_output=True,
                timeout=DEADLINE,
                text=True,
                check=False,
            )
            if done.returncode:
                self.ended.append(done.stderr)
                return
            self.pushed.append(name)

    def has_done(self, enough: int) -> bool:
        assert not self.ended, self
        return len(self.comments) >= enough and len(self.pushed) >= 2

    @property
    def remote(self) -> str:
        token = self.said["tokens"]["writer"]
        return str(self.said["url"]).replace("//", f"//x:{token}@", 1) + "/acme/shop.git"


def until(condition: Callable[[], bool], what: object) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.mark.parametrize("enough", [3, 17])
def test_what_was_answered_for_survives_kill_9(tmp_path: Path, enough: int) -> None:
    source = make_source(tmp_path / "shop")
    state = tmp_path / "state"
    with Listener() as listener:
        options = ("--state", state, "--no-limits", "--webhook-url", listener.url)
        with simulating(source, *options) as (process, said):
            load = Load(said, source)
            threads = [threading.Thread(target=work) for work in (load.write, load.push)]
            for thread in threads:
                thread.start()
            try:
                until(lambda: load.has_done(enough), load)
            finally:
                process.kill()
                load.stop.set()
                for thread in threads:
                    thread.join(DEADLINE)
            assert process.wait(DEADLINE) == -signal.SIGKILL
            assert not any(thread.is_alive() for thread in threads)
        with simulating(source, *options) as (_, again):
            assert_all_there(again, load)
            until(lambda: told_of(listener) >= set(load.issues), "every issue is told of")
            until(lambda: pushes(listener) >= set(load.pushed), "every push is told of")
    assert git("rev-parse", "HEAD", cwd=source)


def assert_all_there(said: dict[str, Any], load: Load) -> None:
    headers = {"authorization": f"Bearer {said['tokens']['reader']}"}
    with httpx.Client(
        headers=headers, base_url=said["api"], timeout=DEADLINE, trust_env=False
    ) as client:
        for number in load.issues:
            issue = client.get(f"{SHOP}/issues/{number}")
            assert issue.status_code == 200
            assert [label["name"] for label in issue.json()["labels"]] == ["bug"]
        for id in load.comments:
            assert client.get(f"{SHOP}/issues/comments/{id}").status_code == 200
        for name in load.pushed:
            ref = client.get(f"{SHOP}/git/{name.replace('refs/', 'ref/', 1)}")
            assert ref.status_code == 200


def told_of(listener: Listener) -> set[int]:
    """The numbers of the issues whose opening was heard; one delivery fails on purpose and counts:
    it was sent, and GitHub redelivers nothing by itself."""
    heard = [h.data for h in list(listener.heard) if h.event == "issues" and h.action == "opened"]
    return {data["issue"]["number"] for data in heard}


def pushes(listener: Listener) -> set[str]:
    return {h.data["ref"] for h in list(listener.heard) if h.event == "push"}
