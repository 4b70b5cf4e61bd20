"""Limits refuse in GitHub's form, and a clock set forward lifts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.simulator.judges.checking import problems_of
from tests.simulator.judges.peers import Simulator, running_simulator
from tests.simulator.support import make_source

SHOP = "/repos/acme/shop"
CREATIONS = 80
"""A minute; GitHub's published figure."""
ANONYMOUS = 60
"""An hour; the same."""


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    source = make_source(tmp_path / "shop")
    with running_simulator(tmp_path, {"shop": source}, enforce_limits=True) as running:
        yield running


def client(simulator: Simulator, login: str = "") -> httpx.Client:
    headers = {"user-agent": "limits"}
    if login:
        headers["authorization"] = f"Bearer {simulator.tokens[login]}"
    return httpx.Client(base_url=simulator.api, headers=headers, trust_env=False)


def advance(simulator: Simulator, seconds: int) -> None:
    url = f"{simulator.url}/_simulator/clock"
    httpx.post(url, json={"advance": seconds}, trust_env=False).raise_for_status()


def test_creating_too_fast_is_refused(simulator: Simulator) -> None:
    with client(simulator, "writer") as writer:
        made = [writer.post(f"{SHOP}/issues", json={"title": f"{n}"}) for n in range(CREATIONS + 1)]
        refused = made.pop()
        assert {answer.status_code for answer in made} == {201}
        assert refused.status_code in (403, 429)
        assert "secondary rate limit" in refused.json()["message"]
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert problems_of(refused) == []
        assert writer.get(f"{SHOP}/issues").status_code == 200
        advance(simulator, 61)
        assert writer.post(f"{SHOP}/issues", json={"title": "Later"}).status_code == 201


def test_asking_without_a_token_is_soon_over(simulator: Simulator) -> None:
    with client(simulator) as nobody:
        answers = [nobody.get(f"{SHOP}/labels") for _ in range(ANONYMOUS + 1)]
        refused = answers.pop()
        left = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers]
        assert left == [*range(ANONYMOUS - 1, -1, -1)]
        assert refused.status_code in (403, 429)
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert problems_of(refused) == []
        advance(simulator, 3601)
        assert nobody.get(f"{SHOP}/labels").status_code == 200


def test_what_is_unchanged_costs_nothing(simulator: Simulator) -> None:
    with client(simulator, "reader") as reader:
        first = reader.get(f"{SHOP}/labels")
        again = reader.get(f"{SHOP}/labels", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    used = "x-ratelimit-used"
    assert again.headers[used] == first.headers[used]
