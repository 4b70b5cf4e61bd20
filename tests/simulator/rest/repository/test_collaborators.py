"""Collaborators, their permission, and organizations over REST."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.events import Event
from tests.simulator.judges.checking import problems_of, problems_of_payload
from tests.simulator.rest.repository.support import app_client
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

PEOPLE = f"{SHOP}/collaborators"


def members_told_of(sim: Simulated) -> list[Event]:
    """Filled with what happens from now on."""
    heard: list[Event] = []
    sim.world.hub.listeners.append(heard.append)
    return heard


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [
        ("admin", "admin", "admin"),
        ("maintainer", "write", "maintain"),
        ("writer", "write", "write"),
        ("triager", "read", "triage"),
        ("reader", "read", "read"),
    ],
)
async def test_permission_folds_what_role_name_tells(
    sim: Simulated, login: str, permission: str, role: str
) -> None:
    answer = await app_client(sim, metadata="read").get(f"{PEOPLE}/{login}/permission")
    assert (answer.json()["permission"], answer.json()["role_name"]) == (permission, role)
    assert answer.json()["user"]["login"] == login
    assert problems_of(answer) == []


@pytest.mark.parametrize("login", ["outsider", "nobody", "otp-genesis[bot]", "acme"])
async def test_who_is_no_collaborator_has_no_permission(sim: Simulated, login: str) -> None:
    answer = await app_client(sim).get(f"{PEOPLE}/{login}/permission")
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")


async def test_only_who_may_push_asks_for_others(sim: Simulated) -> None:
    for path in ("", "/writer", "/writer/permission"):
        assert (await sim.as_("reader").get(PEOPLE + path)).status_code == 403
        assert (await sim.client().get(PEOPLE + path)).status_code == 401
        assert (await sim.as_("writer").get(PEOPLE + path)).status_code in (200, 204)


async def test_collaborators_are_listed(sim: Simulated) -> None:
    writer = sim.as_("writer")
    answer = await writer.get(PEOPLE)
    roles = {each["login"]: each["role_name"] for each in answer.json()}
    assert roles == {
        "admin": "admin",
        "maintainer": "maintain",
        "writer": "write",
        "triager": "triage",
        "reader": "read",
    }
    assert problems_of(answer) == []
    pushing = await writer.get(PEOPLE, params={"permission": "push"})
    assert {each["login"] for each in pushing.json()} == {"admin", "maintainer", "writer"}
    outside = await writer.get(PEOPLE, params={"affiliation": "outside"})
    assert [each["login"] for each in outside.json()] == ["reader"]


async def test_somebody_joins_rises_and_leaves(sim: Simulated) -> None:
    admin = sim.as_("admin")
    heard = members_told_of(sim)
    place = f"{PEOPLE}/outsider"
    assert (await admin.get(place)).status_code == 404
    assert (await admin.put(place)).status_code == 204
    assert (await admin.get(f"{place}/permission")).json()["role_name"] == "write"
    assert (await admin.put(place, json={"permission": "maintain"})).status_code == 204
    assert (await admin.put(place, json={"permission": "maintain"})).status_code == 204
    assert (await admin.get(f"{place}/permission")).json()["role_name"] == "maintain"
    assert (await sim.as_("outsider").delete(place)).status_code == 204
    assert (await admin.delete(place)).status_code == 204
    assert (await admin.get(place)).status_code == 404
    assert [(e.name, e.action) for e in heard] == [
        ("member", "added"),
        ("member", "edited"),
        ("member", "removed"),
    ]
    for event in heard:
        assert problems_of_payload("member", event.payload) == []


@pytest.mark.parametrize(
    ("login", "body", "status"),
    [("nobody", {}, 404), ("outsider", {"permission": "king"}, 422), ("acme", {}, 204)],
)
async def test_odd_collaborators(
    sim: Simulated, login: str, body: dict[str, Any], status: int
) -> None:
    heard = members_told_of(sim)
    assert (await sim.as_("admin").put(f"{PEOPLE}/{login}", json=body)).status_code == status
    assert heard == []


async def test_only_administrators_choose_collaborators(sim: Simulated) -> None:
    heard = members_told_of(sim)
    for client in (sim.as_("maintainer"), app_client(sim, contents="write")):
        assert (await client.put(f"{PEOPLE}/outsider")).status_code == 403
        assert (await client.delete(f"{PEOPLE}/writer")).status_code == 403
    assert heard == []


async def test_an_organization_and_its_members(sim: Simulated) -> None:
    reader = sim.as_("reader")
    shown = await reader.get("/orgs/acme")
    assert (shown.json()["login"], shown.json()["public_repos"]) == ("acme", 1)
    assert problems_of(shown) == []
    members = await reader.get("/orgs/acme/members")
    logins = {each["login"] for each in members.json()}
    assert logins == {"admin", "maintainer", "writer", "triager"}
    assert problems_of(members) == []
    owners = await reader.get("/orgs/acme/members", params={"role": "admin"})
    assert [each["login"] for each in owners.json()] == ["admin"]
    assert (await reader.get("/orgs/acme/members/writer")).status_code == 204
    assert (await reader.get("/orgs/acme/members/outsider")).status_code == 404
    assert (await reader.get("/orgs/admin")).status_code == 404


async def test_a_membership_has_a_role(sim: Simulated) -> None:
    reader = sim.as_("reader")
    for login, role in (("admin", "admin"), ("writer", "member")):
        answer = await reader.get(f"/orgs/acme/memberships/{login}")
        assert (answer.json()["role"], answer.json()["state"]) == (role, "active")
        assert problems_of(answer) == []
    assert (await reader.get("/orgs/acme/memberships/reader")).status_code == 404
    mine = await sim.as_("writer").get("/user/orgs")
    assert [each["login"] for each in mine.json()] == ["acme"]
    assert problems_of(mine) == []
    assert (await reader.get("/users/outsider/orgs")).json() == []
    assert (await reader.get("/users/nobody/orgs")).status_code == 404
