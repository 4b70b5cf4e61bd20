"""Killed without warning, the simulator comes back with all that it had said it had done."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.simulator.judges.peers import Simulator, running_simulator
from tests.simulator.judges.stories import STORIES, told
from tests.simulator.support import make_source

SHOP = "/repos/acme/shop"
SHOWN = (
    "",
    "/issues?state=all&per_page=100",
    "/issues/comments",
    "/issues/events?per_page=100",
    "/labels",
    "/pulls?state=all",
    "/pulls/comments",
    "/branches",
    "/git/matching-refs/",
    "/commits",
    "/contents/docs",
    "/collaborators",
)


def seen(simulator: Simulator) -> dict[str, Any]:
    """What an admin is shown, path by path."""
    headers = {"authorization": f"Bearer {simulator.tokens['admin']}"}
    with httpx.Client(base_url=simulator.api, headers=headers, trust_env=False) as client:
        answers = {path: client.get(SHOP + path) for path in SHOWN}
        pulls = [each["number"] for each in answers["/pulls?state=all"].json()]
        for number in pulls:
            for part in ("", "/reviews", "/files", "/commits"):
                path = f"/pulls/{number}{part}"
                answers[path] = client.get(SHOP + path)
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: answer.json() for path, answer in answers.items()}


def test_nothing_is_lost(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop", {"README.md": "# shop\n", "docs/kept.md": "kept\n"})
    untouched = listing(source)
    with running_simulator(tmp_path, {"shop": source}) as simulator:
        for story in STORIES:
            told(story, simulator.peer())
        seen(simulator)  # Pull requests are merged for trial when they are looked at.
        before = seen(simulator)
        simulator.process.kill()
        simulator.process.wait()
    port = urlsplit(simulator.url).port
    with running_simulator(tmp_path, {"shop": source}, port=port) as again:
        assert again.tokens == simulator.tokens
        after = seen(again)
        assert again.stderr() == ""
    assert len(before["/issues?state=all&per_page=100"]) > 5
    assert [path for path in before if before[path] != after.get(path)] == []
    assert listing(source) == untouched


def test_what_was_left_half_done_by_a_push_is_told_of(tmp_path: Path) -> None:
    """Git had moved the branch, the simulator died before it could note it."""
    source = make_source(tmp_path / "shop")
    with running_simulator(tmp_path, {"shop": source}) as simulator:
        simulator.process.kill()
        simulator.process.wait()
    (repository,) = (tmp_path / "state" / "git").glob("*.git")
    git = ["git", f"--git-dir={repository}"]
    head = subprocess.check_output([*git, "rev-parse", "main"], text=True).strip()
    subprocess.run([*git, "update-ref", "refs/heads/late", head], check=True)
    port = urlsplit(simulator.url).port
    with running_simulator(tmp_path, {"shop": source}, port=port) as again:
        headers = {"authorization": f"Bearer {again.tokens['reader']}"}
        url = f"{again.api}{SHOP}/branches/late"
        answer = httpx.get(url, headers=headers, trust_env=False)
    assert answer.json()["commit"]["sha"] == head


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of everything below the folder: the source must stay as it was."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
    }
