"""Fills a repository with issues and pull requests, through the API and git as a user would."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.simulator.calls import Asked, ask_all


async def add_issues(api: str, token: str, repository: str, count: int) -> float:
    """How many were made a second."""
    body = "- [ ] one\n- [ ] two\n" * 20
    asked = [
        Asked("POST", f"{repository}/issues", {"title": f"Issue {n}", "body": body})
        for n in range(count)
    ]
    _, rate = await ask_all(api, token, asked)
    return rate


async def add_pulls(said: dict[str, Any], repository: str, count: int, source: Path) -> float:
    """How many were made a second; their branches come in one push before."""
    token = said["tokens"]["writer"]
    names = _push_branches(said["url"], token, repository.removeprefix("/repos/"), count, source)
    asked = [
        Asked("POST", f"{repository}/pulls", {"title": name, "head": name, "base": "main"})
        for name in names
    ]
    began = time.perf_counter()
    await ask_all(said["api"], token, asked)
    return count / (time.perf_counter() - began)


def _push_branches(url: str, token: str, name: str, count: int, source: Path) -> list[str]:
    names = [f"topic-{n}" for n in range(count)]
    with tempfile.TemporaryDirectory() as folder:

        def git(*arguments: str, text: str = "") -> None:
            subprocess.run(
                ["git", *arguments],
                cwd=folder,
                check=True,
                input=text,
                text=True,
                timeout=300,
                capture_output=True,
            )

        git("clone", "-q", "--bare", str(source), ".")
        git("fast-import", "--quiet", text="".join(_commit(name) for name in names))
        remote = url.replace("//", f"//x:{token}@", 1) + f"/{name}.git"
        git("push", "-q", remote, *(f"refs/heads/{n}:refs/heads/{n}" for n in names))
    return names


def _commit(name: str) -> str:
    text = f"defmodule {name.replace('-', '').capitalize()} do\nend\n"
    return (
        f"commit refs/heads/{name}\ncommitter B <b@localhost> 1700000000 +0000\n"
        f"data {len(name)}\n{name}\nfrom refs/heads/main^0\n"
        f"M 100644 inline lib/{name}.ex\ndata {len(text)}\n{text}\n"
    )
