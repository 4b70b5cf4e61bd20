"""Pushes no git would send, made by hand: no rule is passed by."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from bot.simulator.git import PushPolicy, RefRule
from bot.simulator.git.objects import NULL_SHA
from bot.simulator.git.pktlines import FLUSH, pkt_line
from bot.simulator.git.refnames import LONGEST
from tests.simulator.git.ordinary import attempt, git, ordinary_refs
from tests.simulator.git.serving import TOKEN, Door

MAIN = "refs/heads/main"
EMPTY = b"PACK" + bytes((0, 0, 0, 2)) + bytes(4)
ABLE = b"\0report-status"
CERTIFICATE = (
    b"certificate version 0.1\npusher a 1 +0000\nnonce x\n\n%s\n-----BEGIN PGP SIGNATURE\n"
)


def push(door: Door, *lines: bytes) -> httpx.Response:
    body = b"".join(pkt_line(line) for line in lines)
    return httpx.post(
        f"{door.url}/git-receive-pack",
        content=body + FLUSH + EMPTY + hashlib.sha1(EMPTY, usedforsecurity=False).digest(),
        headers={"content-type": "application/x-git-receive-pack-request"},
        auth=("x-access-token", TOKEN),
    )


@pytest.mark.parametrize("signed", [False, True])
def test_rules_bind_however_a_push_is_written(door: Door, signed: bool) -> None:
    before = ordinary_refs(door.path)
    tree = git(door.path, "rev-parse", "main^{tree}")
    new = git(door.path, "commit-tree", "-p", before[MAIN], "-m", "x", tree)
    door.policy = PushPolicy((RefRule(MAIN, requires_pull_request=True),))
    asked = f"{before[MAIN]} {new}".upper().encode() + b" refs/heads/main"
    if signed:
        answer = push(door, b"push-cert" + ABLE, CERTIFICATE % asked, b"push-cert-end\n")
        assert (answer.status_code, answer.text[:12]) == (400, "b'push-cert'")
    else:
        answer = push(door, asked + ABLE)
        assert b"ng refs/heads/main protected branch hook declined" in answer.content
    assert ordinary_refs(door.path) == before
    assert door.pushes == []


@pytest.mark.parametrize("line", [b"", b"zzzz", b"x" * 100, b"%s refs/heads/x" % (b"1" * 40)])
def test_a_line_that_asks_for_nothing_is_refused(door: Door, line: bytes) -> None:
    assert push(door, line).status_code == 400


def test_a_name_that_is_too_long_is_refused_and_can_go(door: Door, work: Path) -> None:
    fits = "refs/heads/" + "d/" * ((LONGEST - 12) // 2) + "x"
    name = f"{fits}/{'y' * 100}"
    done = attempt(work, "push", door.address, f"main:{name}")
    assert done.returncode
    assert f"cannot have more than {LONGEST} bytes" in done.stderr
    git(work, "push", "-q", door.address, f"main:{fits}")
    assert fits in ordinary_refs(door.path)
    gone = push(door, f"{git(work, 'rev-parse', 'main')} {NULL_SHA} {fits}".encode() + ABLE)
    assert gone.status_code == 200
    assert fits not in ordinary_refs(door.path)
