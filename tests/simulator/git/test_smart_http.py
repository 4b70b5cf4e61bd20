"""git over HTTP: a plain git as client, and raw requests where no client would go."""

from __future__ import annotations

import base64
import gzip
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest

from bot.simulator.git import NULL_SHA, RefChange
from bot.simulator.git.pktlines import FLUSH, pkt_line
from tests.simulator.git.ordinary import attempt, commit_file, git, ordinary_refs
from tests.simulator.git.serving import PUSH_LIMIT, TOKEN, Door, Server, serving, wait_for

BASIC = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
PUSHES = {"content-type": "application/x-git-receive-pack-request", "authorization": BASIC}


MORE_THAN_BUFFERS = 12 << 20


def clone(door: Door, tmp_path: Path, *options: str) -> Path:
    git(tmp_path, "clone", "-q", *options, door.address, str(tmp_path / "clone"))
    return tmp_path / "clone"


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_a_clone_has_the_branches_and_the_files(door: Door, tmp_path: Path, version: str) -> None:
    folder = clone(door, tmp_path, "-c", f"protocol.version={version}")
    assert (folder / "mix.exs").read_text().startswith("defmodule App")
    assert git(folder, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert door.pushes == []


def test_the_name_works_without_its_ending(door: Door, tmp_path: Path) -> None:
    listed = git(tmp_path, "ls-remote", door.url.removesuffix(".git"))
    assert "refs/heads/main" in listed


def test_a_shallow_clone_deepens(door: Door, work: Path, tmp_path: Path) -> None:
    for number in range(3):
        commit_file(work, "a.ex", str(number))
    git(work, "push", "-q", door.address, "main")
    folder = clone(door, tmp_path, "--depth=1")
    assert git(folder, "rev-list", "--count", "HEAD") == "1"
    git(folder, "fetch", "-q", "--unshallow")
    assert git(folder, "rev-list", "--count", "HEAD") == "4"


def test_a_clone_without_blobs_gets_them_later(door: Door, tmp_path: Path) -> None:
    folder = clone(door, tmp_path, "--filter=blob:none", "--no-checkout")
    missing = git(folder, "rev-list", "--objects", "--all", "--missing=print")
    assert "?" in missing
    assert git(folder, "show", "HEAD:mix.exs").startswith("defmodule App")


def test_a_commit_is_fetched_by_its_sha(door: Door, work: Path, tmp_path: Path) -> None:
    old = git(work, "rev-parse", "HEAD")
    commit_file(work, "a.ex", "a")
    git(work, "push", "-q", door.address, "main")
    git(tmp_path, "init", "-q", "empty")
    git(tmp_path / "empty", "fetch", "-q", "--depth=1", door.address, old)
    assert git(tmp_path / "empty", "rev-parse", "FETCH_HEAD") == old


def test_pushes_are_told_with_what_they_changed(door: Door, work: Path) -> None:
    old = git(work, "rev-parse", "HEAD")
    new = commit_file(work, "a.ex", "a")
    git(work, "tag", "-a", "v1", "-m", "One")
    tag = git(work, "rev-parse", "v1")
    git(work, "push", "-q", door.address, "main", "v1", "main:refs/genesis/plan-1")
    assert door.pushes == [
        [
            RefChange("refs/genesis/plan-1", None, new),
            RefChange("refs/heads/main", old, new),
            RefChange("refs/tags/v1", None, tag),
        ]
    ]
    assert door.users == ["x-access-token"]
    assert ordinary_refs(door.path) == dict(door.repository.refs())


def test_a_force_push_and_a_deletion(door: Door, work: Path) -> None:
    first = git(work, "rev-parse", "HEAD")
    second = commit_file(work, "a.ex", "a")
    git(work, "push", "-q", door.address, "main", "main:gone")
    git(work, "reset", "-q", "--hard", first)
    assert attempt(work, "push", "-q", door.address, "main").returncode
    other = commit_file(work, "b.ex", "b")
    git(work, "push", "-q", "--force", door.address, "main")
    git(work, "push", "-q", door.address, ":gone")
    assert door.pushes[1:] == [
        [RefChange("refs/heads/main", second, other)],
        [RefChange("refs/heads/gone", second, None)],
    ]


def test_a_push_of_nothing_new_is_not_told(door: Door, work: Path) -> None:
    git(work, "push", "-q", door.address, "main")
    assert door.pushes == []


def test_two_thousand_files_arrive(door: Door, work: Path) -> None:
    for number in range(2000):
        (work / f"f{number}.ex").write_text(f"defmodule M{number} do\nend\n")
    commit_file(work, "last.ex", "")
    git(work, "push", "-q", door.address, "main")
    assert len(git(door.path, "ls-tree", "-r", "main").splitlines()) == 2002
    git(door.path, "fsck", "--strict")


ODD = [
    "heads/ü/ñ",
    "heads/a'b\"c",
    "heads/$(id)",
    "heads/-x",
    "heads/a;b|c&d",
    "tags/v1.0+x",
    "odd/%s",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_of_refs_are_only_names(door: Door, work: Path, name: str) -> None:
    sha = git(work, "rev-parse", "HEAD")
    git(work, "push", "-q", door.address, f"HEAD:refs/{name}")
    assert door.pushes == [[RefChange(f"refs/{name}", None, sha)]]
    git(work, "push", "-q", door.address, f":refs/{name}")
    assert door.pushes[1:] == [[RefChange(f"refs/{name}", sha, None)]]


def test_credentials_are_asked_for_and_then_taken(door: Door, work: Path) -> None:
    commit_file(work, "a.ex", "a")
    refused = attempt(work, "push", "-q", door.url, "main")
    assert refused.returncode
    assert "could not read" in refused.stderr or "Authentication failed" in refused.stderr
    helper = f"!printf 'username=x\\npassword={TOKEN}\\n'; :"
    git(work, "-c", f"credential.helper={helper}", "push", "-q", door.url, "main")
    assert door.users == ["x"]


def test_a_token_in_a_header_has_no_user(door: Door, work: Path) -> None:
    commit_file(work, "a.ex", "a")
    header = f"http.extraHeader=Authorization: bearer {TOKEN}"
    git(work, "-c", header, "push", "-q", door.url, "main")
    assert door.users == [""]


@pytest.mark.parametrize(
    ("user", "words"),
    [("x:wrong", "Authentication failed"), ("r:reader", "Permission to o/r")],
)
def test_the_refused_hear_why(door: Door, work: Path, user: str, words: str) -> None:
    commit_file(work, "a.ex", "a")
    refused = attempt(work, "push", "-q", door.url.replace("://", f"://{user}@"), "main")
    assert refused.returncode
    assert words in refused.stderr
    assert door.pushes == []


def test_who_may_not_see_it_is_told_that_there_is_none(door: Door, tmp_path: Path) -> None:
    listed = attempt(tmp_path, "ls-remote", door.url.replace("/o/", "/other/"))
    assert "Repository not found." in listed.stderr


def test_a_challenge_names_its_realm(door: Door) -> None:
    door.private = True
    answer = httpx.get(f"{door.url}/info/refs?service=git-upload-pack")
    assert (answer.status_code, answer.text) == (401, "Repository not found.\n")
    assert answer.headers["www-authenticate"] == 'Basic realm="GitHub"'


@pytest.mark.parametrize(
    "header", [b"Basic !!!", b"Basic //8=", b"Basic \xe9", b"Digest x", b"x", b""]
)
def test_broken_credentials_are_no_credentials(door: Door, header: bytes) -> None:
    address = f"{door.url}/info/refs?service=git-upload-pack"
    assert httpx.get(address, headers={b"authorization": header}).status_code == 401


def test_the_old_protocol_without_a_service_is_refused(door: Door) -> None:
    answer = httpx.get(f"{door.url}/info/refs")
    assert answer.status_code == 403
    assert "dumb-http" in answer.text


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "text/plain"}, b"0000", 415),
        ({"content-encoding": "br"}, b"0000", 400),
        ({"content-encoding": "gzip"}, b"0000", 400),
        ({"content-encoding": "gzip"}, gzip.compress(b"0000", mtime=0)[:-6], 400),
        ({"content-encoding": "gzip"}, gzip.compress(b"0000", mtime=0) + b"more", 400),
        ({"content-encoding": "gzip"}, gzip.compress(bytes(PUSH_LIMIT + 1), mtime=0), 413),
        ({}, bytes(PUSH_LIMIT + 1), 413),
        ({}, b"zzzz", 400),
        ({}, b"00ff", 400),
        ({}, b"0000", 200),
        ({"git-protocol": "version=2:$(id)"}, b"0000", 200),
        ({"content-encoding": "gzip"}, gzip.compress(b"0000", mtime=0), 200),
    ],
)
def test_bodies_no_client_would_send(
    door: Door, headers: dict[str, str], body: bytes, status: int
) -> None:
    before = ordinary_refs(door.path)
    answer = httpx.post(f"{door.url}/git-receive-pack", content=body, headers=PUSHES | headers)
    assert answer.status_code == status
    assert ordinary_refs(door.path) == before
    assert door.pushes == []


def test_a_broken_question_for_objects_ends_without_an_answer(door: Door) -> None:
    headers = {"content-type": "application/x-git-upload-pack-request"}
    answer = httpx.post(f"{door.url}/git-upload-pack", content=b"0009wantX", headers=headers)
    assert answer.status_code == 200
    assert b"PACK" not in answer.content


def push_body(old: str, new: str, pack: bytes) -> bytes:
    command = f"{old} {new} refs/heads/x\0report-status side-band-64k".encode()
    return pkt_line(command) + FLUSH + pack


@pytest.mark.parametrize(
    "pack",
    [b"", b"PACK", b"PACK\0\0\0\2\xff\xff\xff\xff" + b"x" * 500, b"PACK\0\0\0\2\0\0\0\1\x95\x0ax"],
)
def test_a_hostile_pack_leaves_nothing(door: Door, pack: bytes) -> None:
    content = push_body(NULL_SHA, "1" * 40, pack)
    answer = httpx.post(f"{door.url}/git-receive-pack", content=content, headers=PUSHES)
    assert answer.status_code == 200
    assert b"ok refs/heads/x" not in answer.content
    assert "refs/heads/x" not in ordinary_refs(door.path)
    assert list(door.path.glob("incoming-*")) == []
    assert list(door.path.glob("objects/tmp_objdir-*")) == []


def test_a_tree_with_a_git_folder_is_refused(door: Door, work: Path) -> None:
    blob = git(work, "hash-object", "-w", "--stdin", stdin=b"[core]")
    raw = b"40000 .git\0" + bytes.fromhex(
        git(work, "mktree", stdin=f"100644 blob {blob}\tconfig\n".encode())
    )
    tree = git(work, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw)
    commit = git(work, "commit-tree", "-m", "Evil", tree)
    refused = attempt(work, "push", door.address, f"{commit}:refs/heads/x")
    assert refused.returncode
    assert "hasDotgit" in refused.stderr
    assert door.pushes == []


def test_a_connection_cut_in_the_middle_of_a_push_changes_nothing(
    door: Door, running_server: Server
) -> None:
    before = ordinary_refs(door.path)
    body = push_body(NULL_SHA, "1" * 40, b"PACK")
    path = door.url.split("/", 3)[3]
    head = (
        f"POST /{path}/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {BASIC}\r\n"
        f"Content-Type: {PUSHES['content-type']}\r\nContent-Length: 100000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", running_server.port)) as connection:
        connection.sendall(head.encode() + body)
    assert httpx.get(f"{door.url}/info/refs?service=git-upload-pack").status_code == 200
    assert ordinary_refs(door.path) == before
    assert door.pushes == []
    assert list(door.path.glob("incoming-*")) == []


def test_a_push_lands_though_its_client_is_gone(
    door: Door, work: Path, running_server: Server
) -> None:
    """All of it had arrived: the refs move, and the gate is told."""
    new = commit_file(work, "a.ex", "a")
    old = git(work, "rev-parse", "HEAD^")
    pack = packed(work, new, old)
    command = f"{old} {new} refs/heads/main\0report-status side-band-64k".encode()
    body = pkt_line(command) + FLUSH + pack
    path = door.url.split("/", 3)[3]
    head = (
        f"POST /{path}/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {BASIC}\r\n"
        f"Content-Type: {PUSHES['content-type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", running_server.port)) as connection:
        connection.sendall(head.encode() + body)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wait_for(lambda: bool(list(door.path.glob("incoming-*")) or door.pushes), "no push began")
    wait_for(lambda: bool(door.pushes), "the push was not told")
    assert door.pushes == [[RefChange("refs/heads/main", old, new)]]
    assert ordinary_refs(door.path)["refs/heads/main"] == new


def packed(work: Path, new: str, old: str) -> bytes:
    pack = work / "pack"
    listed = f"{new}\n^{old}\n".encode()
    name = git(work, "pack-objects", "--revs", "-q", str(pack), stdin=listed)
    return (work / f"pack-{name}.pack").read_bytes()


def test_a_client_that_goes_away_takes_its_process_along(
    door: Door, work: Path, running_server: Server
) -> None:
    (work / "big").write_bytes(os.urandom(MORE_THAN_BUFFERS))
    tip = commit_file(work, "last", "")
    git(door.path, "fetch", "-q", str(work), "main:refs/heads/big")
    request = asking_for(tip, door.url.split("/", 3)[3])
    with socket.create_connection(("127.0.0.1", running_server.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        wait_for(lambda: bool(processes_of(door.path)), "nothing was packed")
    wait_for(lambda: processes_of(door.path) == [], "upload-pack outlived its client")


def test_the_slow_are_not_waited_for(work: Path, tmp_path: Path) -> None:
    """Neither for a body that stops coming, nor for a reader that stops reading."""
    (work / "big").write_bytes(os.urandom(MORE_THAN_BUFFERS))
    tip = commit_file(work, "last", "")
    with serving(tmp_path / "slow", patience=1) as server:
        door = server.fresh(work)
        path = door.url.split("/", 3)[3]
        head = f"POST /{path}/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {BASIC}\r\n"
        head += f"Content-Type: {PUSHES['content-type']}\r\nContent-Length: 100\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head.encode() + b"00")
            assert connection.recv(100).startswith(b"HTTP/1.1 408")
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(asking_for(tip, path))
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
            wait_for(lambda: processes_of(door.path) == [], "upload-pack waits for its reader")
        assert door.pushes == []


def asking_for(tip: str, path: str) -> bytes:
    """A raw request for a commit with all that belongs to it."""
    lines = pkt_line(f"want {tip} ofs-delta\n".encode()) + FLUSH + pkt_line(b"done\n")
    head = (
        f"POST /{path}/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Length: {len(lines)}\r\n"
        "Content-Type: application/x-git-upload-pack-request\r\n\r\n"
    )
    return head.encode() + lines


def processes_of(repository: Path) -> list[str]:
    """Command lines of upload-pack for a repository."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "upload-pack" in line and str(repository) in line:
            found.append(line)
    return found


def test_of_ten_writers_with_a_lease_one_wins(door: Door, tmp_path: Path) -> None:
    writers = [tmp_path / f"writer{number}" for number in range(10)]
    for writer in writers:
        git(tmp_path, "clone", "-q", door.address, writer.name)
    with ThreadPoolExecutor(len(writers)) as pool:
        for turn in range(3):
            held = door.repository.refs()["refs/heads/main"]
            race = partial(push_with_lease, held=held, start=threading.Barrier(len(writers)))
            won = [sha for sha in pool.map(race, writers) if sha]
            assert len(won) == 1
            assert door.pushes[turn:] == [[RefChange("refs/heads/main", held, won[0])]]
            assert ordinary_refs(door.path)["refs/heads/main"] == won[0]


def push_with_lease(writer: Path, *, held: str, start: threading.Barrier) -> str:
    """The pushed commit, or nothing for a refusal; all begin at once."""
    git(writer, "fetch", "-q", "origin")
    git(writer, "reset", "-q", "--hard", held)
    new = commit_file(writer, "a.ex", f"{writer.name} upon {held}")
    start.wait(60)
    done = attempt(writer, "push", "-q", f"--force-with-lease=main:{held}", "origin", "main")
    return "" if done.returncode else new
