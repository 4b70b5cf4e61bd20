"""What every call of the API passes."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.simulator.front import is_ours
from bot.simulator.rest.replies import reply
from bot.simulator.rest.routing import router_for
from tests.simulator.judges.checking import problems_of
from tests.simulator.serving import served
from tests.simulator.support import BASE, SHOP, Simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


@pytest.mark.parametrize("path", ["/user", "/repos/acme/none", "/nowhere", "/", "/versions"])
async def test_every_answer_has_githubs_headers(sim: Simulated, path: str) -> None:
    answer = await sim.as_("reader").get(path)
    for name in ("limit", "remaining", "used", "reset", "resource"):
        assert f"x-ratelimit-{name}" in answer.headers
    assert answer.headers["x-github-media-type"] == "github.v3; format=json"
    assert answer.headers["x-github-api-version-selected"] == "2022-11-28"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert len(answer.headers["x-github-request-id"]) == 24
    if answer.is_error:
        assert answer.json()["status"] == str(answer.status_code)
        assert answer.json()["documentation_url"]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer nonsense",
        "token ghp_000",
        "Bearer ghs_1_x",
        "Bearer a.b.c",
        "bearer  x y",
    ],
)
async def test_wrong_credentials(sim: Simulated, header: str) -> None:
    answer = await sim.client(**{"authorization": header}).get(SHOP)
    assert (answer.status_code, problems_of(answer)) == (401, [])
    assert answer.json()["message"] in (
        "Bad credentials",
        "A JSON web token could not be decoded",
    )


async def test_the_scopes_of_a_users_token_are_told(sim: Simulated) -> None:
    assert "repo" in (await sim.as_("reader").get("/user")).headers["x-oauth-scopes"]
    assert "x-oauth-scopes" not in (await sim.client().get("/")).headers


async def test_who_names_no_agent_is_turned_away(sim: Simulated) -> None:
    for agent in ("", None):
        client = sim.as_("reader")
        if agent is None:
            del client.headers["user-agent"]
        else:
            client.headers["user-agent"] = agent
        answer = await client.get("/user")
        assert (answer.status_code, problems_of(answer)) == (403, [])
        assert answer.json()["message"].startswith("Request forbidden by administrative rules.")


async def test_versions_of_the_api(sim: Simulated) -> None:
    reader = sim.as_("reader")
    newer = await reader.get("/user", headers={"x-github-api-version": "2026-03-10"})
    assert newer.headers["x-github-api-version-selected"] == "2026-03-10"
    odd = await reader.get("/user", headers={"x-github-api-version": "1999-01-01"})
    assert (odd.status_code, problems_of(odd)) == (400, [])
    assert (await reader.get("/versions")).json() == ["2022-11-28", "2026-03-10"]


async def test_github_speaks_of_itself(sim: Simulated) -> None:
    for path in ("/zen", "/meta", "/versions", "/rate_limit", "/"):
        answer = await sim.client().get(path)
        assert (answer.status_code, problems_of(answer)) == (200, []), path
    assert (await sim.client().get("/zen")).text.endswith(".")


async def test_known_answers_are_not_sent_again(sim: Simulated) -> None:
    reader = sim.as_("reader")
    first = await reader.get(SHOP + "/labels")
    etag = first.headers["etag"]
    for known in (etag, etag.removeprefix("W/"), f'"x", {etag}'):
        again = await reader.get(SHOP + "/labels", headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in again.headers or again.headers["content-length"] == "0"
    other = await reader.get(SHOP + "/labels", headers={"if-none-match": '"x"'})
    assert other.content == first.content
    await sim.as_("writer").post(SHOP + "/labels", json={"name": "new", "color": "000000"})
    fresh = await reader.get(SHOP + "/labels", headers={"if-none-match": etag})
    assert fresh.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
async def test_a_method_that_is_not_served_is_not_found(sim: Simulated, method: str) -> None:
    answer = await sim.as_("admin").request(method, "/user")
    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"


async def test_odd_methods(sim: Simulated) -> None:
    client = sim.as_("admin")
    assert (await client.request("PROPFIND", "/user")).status_code == 405
    options = await client.options(SHOP)
    assert (options.status_code, options.content) == (204, b"")
    assert not any(name.startswith("access-control") for name in options.headers)


async def test_head_is_get_without_the_body(sim: Simulated) -> None:
    async with served(sim) as running, httpx.AsyncClient(base_url=running.url) as client:
        get = await client.get("/api/v3/versions")
        head = await client.head("/api/v3/versions")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["etag"] == get.headers["etag"]


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("", False),
        ("[::1", False),
        ("github.test", True),
        ("localhost:1", True),
        ("shop.localhost", True),
        ("10.1.2.3:4400", True),
        ("[::1]:4400", True),
    ],
)
async def test_names_that_point_here_are_not_ours(sim: Simulated, host: str, known: bool) -> None:
    """DNS rebinding would let any site read the code in here."""
    answer = await sim.client().get("/versions", headers={"host": host})
    assert answer.status_code == (200 if known else 421)


@given(st.text(max_size=30))
def test_no_name_is_ours_by_chance(host: str) -> None:
    assume(not re.fullmatch(r"[0-9a-fA-F.:\[\]%]*|.*localhost.*|.*github\.test.*", host, re.DOTALL))
    assert not is_ours(host, BASE)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "Problems parsing JSON"),
        (b'{"title": NaN}', 400, "Problems parsing JSON"),
        (b'{"title": "\\ud800"}', 400, "Problems parsing JSON"),
        (b"\xff\xfe", 400, "Problems parsing JSON"),
        (b"[" * 100_000, 400, "Problems parsing JSON"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400, "Problems parsing JSON"),
        (b'{"title": ' + b"9" * 10_000 + b"}", 400, "Problems parsing JSON"),
        (b"[]", 400, "Body should be a JSON object"),
        (b'"text"', 400, "Body should be a JSON object"),
        (b"{}", 422, "Invalid request."),
        (b"", 422, "Invalid request."),
        (b'{"title": []}', 422, "Invalid request."),
    ],
)
async def test_bodies_that_are_none(sim: Simulated, body: bytes, status: int, message: str) -> None:
    answer = await sim.as_("writer").post(ISSUES, content=body)
    assert (answer.status_code, problems_of(answer)) == (status, [])
    assert answer.json()["message"].startswith(message)
    assert len(sim.world.tables.issues) == 0


async def test_a_body_is_json_whatever_its_type_says(sim: Simulated) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await sim.as_("writer").post(
            ISSUES, content=b'{"title": "One"}', headers={"content-type": kind}
        )
        assert answer.status_code == 201, kind


async def test_a_body_over_25_mb(sim: Simulated) -> None:
    async def much() -> Any:
        for _ in range(26):
            yield b" " * (1 << 20)

    answer = await sim.as_("writer").post(ISSUES, content=much())
    assert (answer.status_code, answer.json()["message"]) == (413, "Payload too large")


@pytest.mark.parametrize(
    "path", ["/repos/acme/%00/issues", "/repos/%2e%2e/x", "/repos//shop", "/user/", "/%0a"]
)
async def test_odd_paths_are_not_found(sim: Simulated, path: str) -> None:
    answer = await sim.as_("admin").get(path)
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")


def _failing(sim: Simulated) -> FastAPI:
    """An application over the same world, one of whose operations breaks after a change."""
    router = router_for("broken")

    @router.post("/broken")
    async def broken() -> Any:
        label = next(iter(sim.world.tables.labels))
        label.name = "changed"
        sim.world.tables.labels.save(label)
        raise RuntimeError("a fault of ours")

    @router.get("/fine")
    async def fine() -> Any:
        return reply({"url": "http://github.test/fine"})

    app = FastAPI()
    app.state.world = sim.world
    app.include_router(router, prefix="/api/v3")
    return app


async def test_what_breaks_is_a_500_in_githubs_form(
    sim: Simulated, caplog: pytest.LogCaptureFixture
) -> None:
    transport = httpx.ASGITransport(_failing(sim))
    headers = {"user-agent": "tests"}
    async with httpx.AsyncClient(
        transport=transport, base_url=f"{BASE}/api/v3", headers=headers
    ) as client:
        answer = await client.post("/broken")
        assert answer.status_code == 500
        assert answer.json()["message"] == "Server Error"
        assert "a fault of ours" not in answer.text
        assert "x-ratelimit-limit" in answer.headers
        (entry,) = [r for r in caplog.records if r.name.startswith("bot.simulator")]
        assert entry.getMessage() == "a call failed: POST /api/v3/broken"
        assert entry.exc_info is not None
        assert (await client.get("/fine")).status_code == 200
    # What was changed before it broke is on disk as it is in memory.
    on_disk = {json.loads(body)["name"] for body in sim.world.journal.rows("Label")}
    assert on_disk == {label.name for label in sim.world.tables.labels}
    assert "changed" in on_disk


async def test_a_body_is_json_in_a_repository_of_any_name(sim: Simulated) -> None:
    writer = sim.as_("writer")
    assert (await writer.post("/user/repos", json={"name": "uploads"})).status_code == 201
    answer = await writer.post(
        "/repos/writer/uploads/issues",
        content=b'{"title": "One"}',
        headers={"content-type": "text/plain"},
    )
    assert answer.status_code == 201, answer.text
