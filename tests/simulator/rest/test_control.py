"""The simulator's own controls, and whom they obey."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator.support import BASE, SHOP, Simulated

pytestmark = pytest.mark.anyio


def controls(sim: Simulated, base: str = BASE, client: str = "127.0.0.1") -> httpx.AsyncClient:
    made = httpx.AsyncClient(
        transport=httpx.ASGITransport(sim.app, client=(client, 1)),
        base_url=f"{base}/_simulator",
        headers={"user-agent": "tests"},
    )
    sim.clients.append(made)
    return made


@pytest.fixture
async def control(sim: Simulated) -> httpx.AsyncClient:
    return controls(sim)


async def test_the_routes_are_named_as_in_githubs_description(control: httpx.AsyncClient) -> None:
    routes = (await control.get("/routes")).json()
    named = {(r["method"], r["path"]) for r in routes}
    assert ("GET", "/repos/{owner}/{repo}/hooks/{hook_id}") in named
    assert ("POST", "/app/installations/{installation_id}/access_tokens") in named
    assert not any(":" in path or path.startswith("/_simulator") for _, path in named)
    assert ("GET", "/{rest}") not in named


async def test_the_clock_goes_forward(sim: Simulated, control: httpx.AsyncClient) -> None:
    before = (await control.get("/clock")).json()
    after = (await control.post("/clock", json={"advance": 3601})).json()
    assert after["ahead"] == before["ahead"] + 3601
    assert after["now"] > before["now"]
    for bad in ({"advance": -1}, {"advance": 1e300}, {"advance": "soon"}, {}):
        answer = await control.post("/clock", json=bad)
        assert answer.status_code == 422, bad
    assert sim.world.clock.ahead.total_seconds() == 3601


async def test_an_installation_token_dies_when_the_clock_goes_on(
    sim: Simulated, control: httpx.AsyncClient
) -> None:
    made = await sim.as_app().post(f"/app/installations/{sim.installation.id}/access_tokens")
    bot = sim.client(made.json()["token"])
    await control.post("/clock", json={"advance": 3590})
    assert (await bot.get(f"{SHOP}/issues")).status_code == 200
    await control.post("/clock", json={"advance": 10})
    assert (await bot.get(f"{SHOP}/issues")).status_code == 401


async def test_faults_are_set_and_cleared(sim: Simulated, control: httpx.AsyncClient) -> None:
    plan = {"seed": 7, "faults": [{"kind": "error", "path": "/repos/*", "status": 503}]}
    assert (await control.put("/faults", json=plan)).status_code == 200
    assert (await control.get("/faults")).json()["faults"][0]["status"] == 503
    assert (await sim.as_("reader").get(f"{SHOP}/issues")).status_code == 503
    (entry,) = (await control.get("/faults/log")).json()
    assert (entry["kind"], entry["subject"]) == ("error", f"GET {SHOP}/issues")
    assert (await control.get("/faults/log", params={"after": entry["number"]})).json() == []
    assert (await control.delete("/faults")).status_code == 204
    assert (await sim.as_("reader").get(f"{SHOP}/issues")).status_code == 200


@pytest.mark.parametrize(
    "plan",
    [
        {"faults": [{"kind": "earthquake"}]},
        {"faults": [{"kind": "drop", "path": "/repos"}]},
        {"faults": [{"kind": "error", "status": 404}]},
        {"faults": [{"kind": "error", "probability": 0}]},
        {"faults": [{"kind": "slow"}] * 101},
        {"odd": 1},
        [],
    ],
)
async def test_a_wrong_plan_changes_nothing(
    sim: Simulated, control: httpx.AsyncClient, plan: Any
) -> None:
    before = sim.world.faults.plan
    answer = await control.put("/faults", json=plan)
    assert answer.status_code in (400, 422)
    assert sim.world.faults.plan is before


async def test_every_kind_of_fault_is_explained(control: httpx.AsyncClient) -> None:
    kinds = (await control.get("/faults/kinds")).json()
    assert {"drop", "cut", "runner_lost"} <= {k["kind"] for k in kinds}
    assert all(k["meaning"] for k in kinds)


async def test_a_new_person_with_a_role(sim: Simulated, control: httpx.AsyncClient) -> None:
    wanted = {"login": "newcomer", "roles": {"acme/shop": "write"}}
    made = await control.post("/users", json=wanted)
    assert made.status_code == 201
    token = made.json()["token"]
    assert (await sim.client(token).get("/user")).json()["login"] == "newcomer"
    again = await control.post("/users", json=wanted | {"roles": {"acme/shop": "read"}})
    assert again.json() == made.json(), "the same person, with another role"
    row = sim.world.tables.collaborators.one("one", (sim.repository.id, made.json()["id"]))
    assert row is not None
    assert row.role == "read"
    assert "newcomer" in {u["login"] for u in (await control.get("/users")).json()}
    for bad in ({"login": "a b"}, {"login": "acme"}, {"login": "x", "roles": {"no/such": "read"}}):
        assert (await control.post("/users", json=bad)).status_code == 422
    assert sim.world.tables.accounts.one("login", "x") is None


async def test_tokens_of_people(sim: Simulated, control: httpx.AsyncClient) -> None:
    tokens = (await control.get("/tokens")).json()
    assert tokens["writer"] == sim.token_of("writer")
    assert "acme" not in tokens
    made = await control.post("/tokens", json={"login": "writer"})
    assert made.json()["token"] not in tokens.values()
    assert (await sim.client(made.json()["token"]).get("/user")).json()["login"] == "writer"
    assert (await control.post("/tokens", json={"login": "nobody"})).status_code == 404


async def test_the_fingerprint_tells_changes(sim: Simulated, control: httpx.AsyncClient) -> None:
    first = (await control.get("/state")).json()
    await sim.as_("reader").get(f"{SHOP}/issues")
    assert (await control.get("/state")).json() == first
    await sim.as_("writer").post(f"{SHOP}/issues", json={"title": "One"})
    second = (await control.get("/state")).json()
    assert second["hash"] != first["hash"]
    assert second["tables"]["issues"]["rows"] == 1
    assert second["tables"]["labels"] == first["tables"]["labels"]


async def test_what_was_asked(sim: Simulated, control: httpx.AsyncClient) -> None:
    await sim.as_("writer").get(f"{SHOP}/issues")
    await sim.as_("writer").post(f"{SHOP}/issues", json={"title": "One"})
    every = (await control.get("/exchanges")).json()
    writes = (await control.get("/exchanges", params={"writes": 1})).json()
    assert [(e["method"], e["actor"]) for e in every] == [("GET", "writer"), ("POST", "writer")]
    assert [e["request"] for e in writes] == ['{"title":"One"}']
    later = await control.get("/exchanges", params={"after": every[0]["number"]})
    assert later.json() == writes


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": ""},
        {"origin": "http://github.test:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_pages_of_other_sites_are_not_obeyed(
    sim: Simulated, control: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await control.post("/clock", json={"advance": 5}, headers=headers)
    assert answer.status_code == 403
    assert sim.world.clock.ahead.total_seconds() == 0
    assert (await control.post("/clock", json={"advance": 5}, headers={"origin": BASE})).is_success


@pytest.mark.parametrize("host", ["evil.test", "github.test.evil.test", "192.0.2.1", ""])
async def test_other_host_names_are_not_answered(control: httpx.AsyncClient, host: str) -> None:
    answer = await control.get("/tokens", headers={"host": host})
    assert answer.status_code in (403, 421)
    assert "ghp_" not in answer.text


@pytest.mark.parametrize("host", ["localhost:4400", "127.0.0.1", "[::1]:4400", "github.test"])
async def test_own_host_names_are_answered(control: httpx.AsyncClient, host: str) -> None:
    assert (await control.get("/tokens", headers={"host": host})).status_code == 200


async def test_other_machines_get_no_tokens(sim: Simulated) -> None:
    answer = await controls(sim, client="192.0.2.7").get("/tokens")
    assert answer.status_code == 403
    assert "ghp_" not in answer.text


async def test_permissions_are_taken_from_an_installation_and_granted_again(
    sim: Simulated, control: httpx.AsyncClient
) -> None:
    tokens = f"/app/installations/{sim.installation.id}/access_tokens"
    old = (await sim.as_app().post(tokens)).json()["token"]
    wanted = {"account": "acme", "permissions": ["actions", "statuses"]}
    assert (await control.put("/withheld", json=wanted)).status_code == 204
    asked = {"permissions": {"actions": "write"}}
    assert (await sim.as_app().post(tokens, json=asked)).status_code == 422
    where = f"{SHOP}/actions/workflows/ci.yml/dispatches"
    refused = await sim.client(old).post(where, json={"ref": "main"})
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Resource not accessible by integration",
    )
    assert (await control.put("/withheld", json=wanted | {"permissions": []})).status_code == 204
    assert (await sim.as_app().post(tokens, json=asked)).status_code == 201
    assert sim.installation.permissions == sim.genesis.permissions
    for unknown in ({"account": "nobody"}, {"app": "nothing"}):
        assert (await control.put("/withheld", json=wanted | unknown)).status_code == 404
