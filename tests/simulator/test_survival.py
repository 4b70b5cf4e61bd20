"""Killed without warning, a simulator has lost nothing that it had answered for."""

from __future__ import annotations

import os
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

DEADLINE = 30.0


@dataclass
class Load:
    """Writes until the server is gone, and remembers what was answered for."""

    said: dict[str, Any]
    checkout: Path
    issues: list[int] = field(default_factory=list)
    comments: list[int] = field(default_factory=list)
    pushed: list[str] = field(default_factory=list)
    refused: bytes = b""
    """What git said when it could not push, as it must once the server is gone."""
    stop: threading.Event = field(default_factory=threading.Event)

    def write(self) -> None:
        headers = {"authorization": f"Bearer {self.said['tokens']['writer']}"}
        base = self.said["api"] + SHOP
        with httpx.Client(headers=headers, timeout=10, trust_env=False) as client:
            while not self.stop.is_set():
                try:
                    made = client.post(f"{base}/issues", json={"title": "t", "labels": ["bug"]})
                    self.issues.append(made.json()["number"])
                    url = f"{base}/issues/{self.issues[-1]}/comments"
                    self.comments.append(client.post(url, json={"body": "c"}).json()["id"])
                except httpx.HTTPError:
                    return

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
                timeout=30,
                check=False,
            )
            if done.returncode:
                self.refused = done.stderr
                return
            self.pushed.append(name)

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
            until(lambda: len(load.comments) >= enough and len(load.pushed) >= 2, load)
            process.kill()
            process.wait(10)
            load.stop.set()
            for thread in threads:
                thread.join(DEADLINE)
        with simulating(source, *options) as (_, again):
            assert_all_there(again, load)
            until(lambda: told_of(listener) >= set(load.issues), "every issue is told of")
            until(lambda: pushes(listener) >= set(load.pushed), "every push is told of")
    assert git("rev-parse", "HEAD", cwd=source)


def assert_all_there(said: dict[str, Any], load: Load) -> None:
    headers = {"authorization": f"Bearer {said['tokens']['reader']}"}
    with httpx.Client(headers=headers, base_url=said["api"], timeout=10, trust_env=False) as client:
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
