"""The receiver believes the HMAC over the raw bytes and nothing else."""

from __future__ import annotations

import hashlib
import hmac

import httpx
import pytest

from tests.simulator.judges.receiver import receiving
from tests.simulator.judges.serving import NeverHappened

BODY = '{"action": "opened",  "title": "ü"}'.encode()


def signature(secret: bytes, body: bytes) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_deliveries_are_kept_with_their_signature_checked() -> None:
    with receiving("s3cret") as (address, receiver):
        for signed in (
            signature(b"s3cret", BODY),
            signature(b"other", BODY),
            signature(b"s3cret", BODY + b" "),
            "",
            "sha1=ü",
        ):
            headers = {b"X-GitHub-Event": b"issues", b"X-Hub-Signature-256": signed.encode()}
            answer = httpx.post(address, content=BODY, headers=headers, trust_env=False)
            assert answer.status_code == 202
        first = receiver.wait_for("issues", "opened")
    assert [each.genuine for each in receiver.deliveries] == [True, False, False, False, False]
    assert first.body == BODY
    assert receiver.of("issues", "closed") == []
    assert receiver.of("push") == []


def test_the_answer_can_be_a_refusal() -> None:
    with receiving("s", status=500) as (address, receiver):
        assert httpx.post(address, content=b"x", trust_env=False).status_code == 500
    assert len(receiver.deliveries) == 1


def test_waiting_for_what_never_comes_ends() -> None:
    with receiving("s") as (_, receiver), pytest.raises(NeverHappened, match="issues/opened"):
        receiver.wait_for("issues", "opened", seconds=0.05)
