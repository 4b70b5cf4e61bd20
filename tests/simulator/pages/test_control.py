"""The control room."""

from __future__ import annotations

import pytest

from tests.simulator.pages.browser import Browser
from tests.simulator.pages.conftest import Visit
from tests.simulator.support import Simulated

pytestmark = pytest.mark.anyio


async def test_the_hook_is_pointed_and_what_it_is_told_is_shown(
    sim: Simulated, admin: Browser
) -> None:
    assert "Nothing was sent yet" in (await admin.get("/_simulator")).words
    (hook,) = sim.world.tables.hooks
    refused = await admin.send(f"/_simulator/hooks/{hook.id}", url="no address")
    assert refused.status == 422
    answer = await admin.send(f"/_simulator/hooks/{hook.id}", url="http://127.0.0.1:9/hook")
    assert answer.status == 303
    await admin.send("/acme/shop/issues", title="Tell of it")
    page = await admin.get("/_simulator")
    events = [e.text for e in page.all("a") if e["href"].startswith("/_simulator/deliveries/")]
    assert events == ["issues.opened", "ping"]
    row = max(sim.world.tables.deliveries, key=lambda d: d.id)
    one = await admin.get(f"/_simulator/deliveries/{row.id}")
    assert row.guid in one.words
    assert '"title": "Tell of it"' in one.words
    assert (await admin.get("/_simulator?event=ping")).words.count("issues.opened") == 0


async def test_redelivering_keeps_the_guid(sim: Simulated, admin: Browser) -> None:
    (hook,) = sim.world.tables.hooks
    await admin.send(f"/_simulator/hooks/{hook.id}", url="http://127.0.0.1:9/hook")
    (first,) = sim.world.tables.deliveries
    answer = await admin.send(f"/_simulator/deliveries/{first.id}")
    again = next(d for d in sim.world.tables.deliveries if d.redelivery)
    assert answer.target == f"/_simulator/deliveries/{again.id}"
    assert again.guid == first.guid
    assert "Other attempts" in (await admin.get(answer.target)).words
    assert (await admin.send("/_simulator/deliveries/1")).status == 404


async def test_requests_show_what_a_program_changed(sim: Simulated, admin: Browser) -> None:
    assert (
        "Nothing was asked for that would change anything yet"
        in (await admin.get("/_simulator/requests")).words
    )
    token = sim.token_of("writer")
    await sim.as_("writer").get("/repos/acme/shop")
    await sim.as_("writer").post("/repos/acme/shop/issues", json={"title": f"Hello {token}"})
    changes = await admin.get("/_simulator/requests")
    assert "POST /api/v3/repos/acme/shop/issues writer 201" in changes.words.replace("● ", "")
    assert "GET /api/v3/repos/acme/shop" not in changes.words
    assert "GET /api/v3/repos/acme/shop" in (await admin.get("/_simulator/requests?all=1")).words
    (link,) = [x for x in changes.links if x.startswith("/_simulator/requests/")]
    one = await admin.get(link)
    assert '"title": "Hello' in one.words
    assert token not in one.text
    part = await admin.get("/_simulator/requests?part=1")
    assert "<html" not in part.text
    assert "part=1" not in "".join(part.links)
    assert (await admin.get("/_simulator/requests/999")).status == 404


async def test_faults_are_switched_on_and_off(sim: Simulated, admin: Browser) -> None:
    add, here = "/_simulator/switches/add", "/_simulator/switches"
    fields = {"kind": "error", "path": "/repos/*", "status": "503", "count": "1", "target": ""}
    assert (await admin.send(add, **fields)).status == 303
    assert (await sim.as_("writer").get("/repos/acme/shop")).status_code == 503
    assert (await sim.as_("writer").get("/repos/acme/shop")).status_code == 200
    page = await admin.get(here)
    assert '"status":503' in page.words
    assert "What went wrong on purpose" in page.words
    for wrong in (
        {"kind": "none"},
        {"kind": "drop", "path": "/x"},
        {"kind": "error", "count": "x"},
    ):
        assert (await admin.send(add, **wrong)).status == 422
    await admin.send(f"{here}/remove", place="0")
    assert sim.world.faults.plan.faults == ()
    await admin.send(f"{here}/plan", plan='{"seed": 7, "faults": [{"kind": "drop"}]}')
    assert sim.world.faults.plan.seed == 7
    assert (await admin.send(f"{here}/plan", plan='{"sed": 7}')).status == 422
    assert sim.world.faults.plan.seed == 7


async def test_the_clock_goes_forward(sim: Simulated, admin: Browser) -> None:
    before = sim.world.clock.now()
    await admin.send("/_simulator/switches/clock", minutes="90")
    assert (sim.world.clock.now() - before).total_seconds() >= 90 * 60
    for wrong in ("-1", "x", "9" * 15, "9" * 10):
        assert (await admin.send("/_simulator/switches/clock", minutes=wrong)).status == 422
    assert "The clock is set forward" in (await admin.get("/")).words


async def test_an_installation_is_suspended_removed_and_made(
    sim: Simulated, admin: Browser, reader: Browser
) -> None:
    path = f"/_simulator/installations/{sim.installation.id}"
    assert (await reader.send(path, turn="suspend")).status == 403
    assert sim.installation.suspended_at is None
    assert (await reader.get("/apps/otp-genesis")).all("button", name="turn") == []
    await admin.send(path, turn="suspend")
    assert "Suspended" in (await admin.get("/apps/otp-genesis")).words
    await admin.send(path, turn="unsuspend")
    assert (await admin.send(path, turn="nothing")).status == 404
    await admin.send(path, turn="uninstall")
    assert "It is installed nowhere." in (await admin.get("/apps/otp-genesis")).words
    install = "/apps/otp-genesis/installations/new"
    assert install in (await admin.get("/apps/otp-genesis")).links
    assert (await admin.send(install, account="acme", selection="all")).status == 303
    assert sim.installation.repository_selection == "all"


async def test_an_app_names_no_repository_that_is_hidden(
    sim: Simulated, admin: Browser, visit: Visit
) -> None:
    sim.repository.private = True
    assert "repositories: shop" in (await admin.get("/apps/otp-genesis")).words
    assert "shop" not in (await visit("outsider").get("/apps/otp-genesis")).words


async def test_people_join_and_change_their_role(
    sim: Simulated, admin: Browser, visit: Visit
) -> None:
    people = "/_simulator/people"
    await admin.send(people, login="ada", role="write", repository="acme/shop")
    assert (await visit("ada").send("/acme/shop/issues", title="Hello")).status == 303
    page = await admin.get(people)
    assert sim.token_of("ada") in page.text
    for wrong in ({"login": "-x-"}, {"login": "eve", "role": "king", "repository": "acme/shop"}):
        assert (await admin.send(people, **wrong)).status == 422
    assert sim.world.tables.accounts.one("login", "eve") is None
