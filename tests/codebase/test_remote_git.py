"""git with a server: the simulator as a process, and servers that break."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.codebase.git import Git
from bot.codebase.process import Completed
from bot.codebase.remote_answers import failed, refused
from bot.codebase.remote_git import Move, Remote, checked_url
from bot.errors import CommandFailed, NotThere, PushRefused, Refused, Unauthorised, Unreachable
from tests.simulator.process import simulating
from tests.simulator.support import git, make_source

NEVER = "f" * 40
PLAN = "refs/genesis/plan-1"


@dataclass
class Pauses:
    """Waits for nothing, and remembers for how long it was asked to."""

    asked: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)


@dataclass
class Server:
    """A running simulator with `acme/shop`, and a bare git directory with what is on it."""

    said: dict[str, Any]
    work: Path

    def remote(self, person: str = "writer", name: str = "acme/shop") -> Remote:
        token = self.said["tokens"].get(person, person)
        return Remote(f"{self.said['url']}/{name}.git", os.environ, token=token, pause=Pauses())

    def clone(self, name: str) -> Path:
        made = self.work / name
        self.remote().clone(made, "refs/heads/main:refs/heads/main")
        return made

    def faults(self, *faults: dict[str, Any]) -> None:
        url = f"{self.said['url']}/_simulator/faults"
        httpx.put(url, json={"faults": list(faults)}, trust_env=False).raise_for_status()

    def call(self, method: str, path: str, **body: Any) -> None:
        headers = {"authorization": f"Bearer {self.said['tokens']['admin']}"}
        url = f"{self.said['api']}/repos/acme/shop{path}"
        with httpx.Client(headers=headers, trust_env=False) as client:
            client.request(method, url, json=body).raise_for_status()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    top = tmp_path_factory.mktemp("remote")
    source = make_source(top / "shop")
    with simulating(source, "--state", top / "state", "--private") as (_, said):
        yield Server(said, top)


def tip(git_dir: Path, ref: str = "refs/heads/main") -> str:
    return git("rev-parse", ref, cwd=git_dir).strip()


def child(git_dir: Path, parent: str, text: str) -> str:
    """A commit upon `parent`, with the same tree."""
    tree = git("rev-parse", f"{parent}^{{tree}}", cwd=git_dir).strip()
    return git("commit-tree", tree, "-p", parent, "-m", text, cwd=git_dir).strip()


def test_clones_reads_and_moves_refs(server: Server) -> None:
    clone = server.clone("first.git")
    base = tip(clone)
    assert server.remote().refs("refs/heads/*") == {"refs/heads/main": base}
    new = child(clone, base, "One")
    ref = "refs/genesis/published/1-1-1"
    server.remote().push(clone, Move(ref, new, None))
    server.remote().push(clone, Move(ref, new, None))  # said twice, done once
    assert server.remote().refs("refs/genesis/published/*") == {ref: new}
    other = server.work / "second.git"
    server.remote().clone(other, f"{new}:refs/genesis/it", depth=1)
    assert tip(other, "refs/genesis/it") == new
    assert git("rev-list", "--count", "refs/genesis/it", cwd=other).strip() == "1"
    server.remote().push(clone, Move(ref, None, new))
    assert server.remote().refs("refs/genesis/published/*") == {}


def test_a_clone_without_contents_still_has_the_history(server: Server) -> None:
    bare = server.work / "blobless.git"
    server.remote().clone(bare, "refs/heads/main:refs/heads/main", blobless=True)
    listed = git("rev-list", "--objects", "--missing=print", "main", cwd=bare)
    assert "?" in listed
    config = (bare / "config").read_text()
    assert server.remote().token not in config


def test_a_ref_that_moved_is_not_moved_again(server: Server) -> None:
    clone = server.clone("stale.git")
    base = tip(clone)
    mine, theirs = child(clone, base, "Mine"), child(clone, base, "Theirs")
    server.remote().push(clone, Move(PLAN, theirs, None))
    for expected in (None, base):
        with pytest.raises(PushRefused) as caught:
            server.remote().push(clone, Move(PLAN, mine, expected))
        assert caught.value.why == "stale"
    assert server.remote().refs(PLAN) == {PLAN: theirs}


def test_all_refs_move_or_none(server: Server) -> None:
    clone = server.clone("atomic.git")
    base = tip(clone)
    new = child(clone, base, "New")
    good = Move("refs/genesis/good", new, None)
    bad = Move("refs/heads/main", new, new)
    with pytest.raises(PushRefused) as caught:
        server.remote().push(clone, good, bad)
    assert caught.value.why == "stale"
    assert server.remote().refs("refs/genesis/good", "refs/heads/main") == {"refs/heads/main": base}


def test_a_protected_branch_says_so(server: Server) -> None:
    clone = server.clone("protected.git")
    base = tip(clone)
    server.remote().push(clone, Move("refs/heads/kept", base, None))
    body = {
        "required_status_checks": None,
        "enforce_admins": True,
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "restrictions": None,
    }
    server.call("PUT", "/branches/kept/protection", **body)
    with pytest.raises(PushRefused) as caught:
        server.remote().push(clone, Move("refs/heads/kept", child(clone, base, "No"), base))
    assert caught.value.why == "protected"


@pytest.mark.parametrize(
    ("person", "name", "error"),
    [
        ("reader", "acme/shop", Unauthorised),
        ("ghp_" + "0" * 36, "acme/shop", Unauthorised),
        ("", "acme/shop", Unauthorised),
        ("outsider", "acme/shop", NotThere),
        ("writer", "acme/none", NotThere),
    ],
)
def test_who_may_not_push_is_told_apart(
    server: Server, person: str, name: str, error: type[Exception]
) -> None:
    clone = server.clone(f"denied-{person[:8]}-{name[5:]}.git")
    remote = server.remote(person, name)
    with pytest.raises(error) as caught:
        remote.push(clone, Move("refs/genesis/no", tip(clone), None))
    assert not person or remote.token not in str(caught.value)


def test_what_is_not_there_cannot_be_fetched(server: Server) -> None:
    for spec in ("refs/heads/none:refs/heads/none", f"{NEVER}:refs/heads/none"):
        with pytest.raises(NotThere):
            server.remote().clone(server.work / f"none-{spec[:3]}.git", spec)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["error", "cut"])
def test_a_lost_answer_is_looked_up(server: Server, kind: str, when: str) -> None:
    clone = server.clone(f"lost-{kind}-{when}.git")
    new, ref = child(clone, tip(clone), f"{kind} {when}"), f"refs/genesis/{kind}-{when}"
    fault = {
        "kind": kind,
        "target": "git",
        "method": "POST",
        "path": "/acme/shop.git/git-receive-pack",
    }
    server.faults(fault | {"when": when, "count": 1})
    remote = server.remote()
    remote.push(clone, Move(ref, new, None))
    log = httpx.get(f"{server.said['url']}/_simulator/faults/log", trust_env=False).json()
    server.faults()
    assert server.remote().refs(ref) == {ref: new}
    assert kind in str(log)
    # Done before the answer was lost, it is not done again; cut off, curl may have tried itself.
    if kind == "error":
        assert remote.pause == Pauses([1.0] if when == "before" else [])


class Broken(ThreadingHTTPServer):
    """Answers everything with one status, and remembers the headers it was sent."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = status
        self.seen: list[dict[str, str]] = []


class Answer(BaseHTTPRequestHandler):
    """One answer of a broken server."""

    server: Broken

    def do_GET(self) -> None:
        self.server.seen.append({k.lower(): v for k, v in self.headers.items()})
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def broken(status: int) -> Iterator[tuple[str, list[dict[str, str]]]]:
    with Broken(status) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}", http.seen
        finally:
            http.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "error", "pauses"),
    [
        (401, Unauthorised, []),
        (403, Unauthorised, []),
        (404, NotThere, []),
        (429, Unreachable, [1.0, 2.0, 4.0]),
        (502, Unreachable, [1.0, 2.0, 4.0]),
    ],
)
def test_answers_that_are_none(status: int, error: type[Exception], pauses: list[float]) -> None:
    paused = Pauses()
    with broken(status) as (url, seen):
        remote = Remote(f"{url}/a/b.git", os.environ, token="s3cret-token", pause=paused)
        with pytest.raises(error):
            remote.refs()
    assert paused.asked == pauses
    assert len(seen) >= len(pauses) + 1


def test_the_token_goes_to_its_own_server_only() -> None:
    remote = Remote("http://127.0.0.1:9/a/b.git", os.environ, token="s3cret-token")
    with broken(502) as (url, seen):
        elsewhere = Remote(f"{url}/a/b.git", os.environ, pause=Pauses())
        with pytest.raises(Unreachable):
            elsewhere.refs()
    assert "authorization" not in seen[0]
    assert "s3cret" not in repr(remote)
    with pytest.raises(Unreachable) as caught:
        replace(remote, pause=Pauses()).refs()
    assert "s3cret" not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a/b.git"
        remote = Remote(url, os.environ, timeout=0.2, pause=Pauses())
        with pytest.raises(Unreachable, match="no end after"):
            remote.refs()


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c id",
        "file:///srv/x",
        "ssh://host/x",
        "git@host:x",
        "/srv/x",
        "--upload-pack=id",
        "http://user:pw@host/x",
        "http://host/x?y",
        "http://host/x y",
        "http:///x",
        "https://host/x\n",
    ],
)
def test_only_http_and_no_secret_in_an_address(url: str) -> None:
    with pytest.raises(Refused):
        checked_url(url)


@pytest.mark.parametrize(
    "spec", ["refs/heads/x", "--all:refs/x", ":refs/heads/x", "refs/h/*:refs/x", "HEAD:refs/x"]
)
def test_refspecs_are_whole(spec: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        Remote("http://127.0.0.1:9/x", os.environ).fetch(tmp_path, spec)


def test_plain_git_still_speaks_no_protocol(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    done = Git(tmp_path, os.environ).run("ls-remote", "http://127.0.0.1:9/x", check=False)
    assert "not allowed" in done.stderr


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("!\ta:refs/heads/x\t[rejected] (stale info)", "stale"),
        ("!\ta:refs/heads/x\t[rejected] (non-fast-forward)", "stale"),
        ("!\ta:refs/heads/x\t[remote rejected] (cannot lock ref 'refs/x': is at 1)", "stale"),
        (
            "!\ta:refs/heads/x\t[remote rejected] (protected branch hook declined)\n"
            "remote: error: GH006: Protected branch update failed for refs/heads/x.",
            "protected",
        ),
        (
            "!\ta:refs/heads/x\t[remote rejected] (push declined due to repository rule violations)"
            "\nremote: error: GH013: Repository rule violations found for refs/heads/x.",
            "protected",
        ),
        (
            "!\ta:refs/heads/x\t[remote rejected] (refusing to allow a GitHub App to create or"
            " update workflow `.github/workflows/x.yml` without `workflows` permission)",
            "rejected",
        ),
    ],
)
def test_refusals(said: str, why: str) -> None:
    found = refused(said)
    assert found is not None
    assert found.why == why


def test_what_nobody_knows_keeps_what_was_said() -> None:
    done = Completed(("git",), 128, "", "fatal: something new", 0.1)
    assert refused("fatal: something new") is None
    error = failed("fetch", done, "fatal: something new")
    assert isinstance(error, CommandFailed)
    assert "something new" in str(error)
