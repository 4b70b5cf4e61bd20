"""A bot registers itself by a manifest, and people install it: the way of redirects."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from bot.simulator.domain.apps.manifests import slug_of, with_query
from tests.simulator.judges.checking import problems_of, problems_of_payload
from tests.simulator.judges.receiver import receiving
from tests.simulator.support import BASE, Simulated
from tests.simulator.webhooks.waiting import settled

pytestmark = pytest.mark.anyio

MANIFEST: dict[str, Any] = {
    "name": "My Bot",
    "url": "http://127.0.0.1:9000/",
    "hook_attributes": {"url": "http://127.0.0.1:9/hook"},
    "redirect_url": "http://127.0.0.1:9000/setup/done?from=github",
    "setup_url": "http://127.0.0.1:9000/installed",
    "description": "It <b>helps</b>.",
    "default_events": ["issues", "push"],
    "default_permissions": {"issues": "write", "contents": "read"},
}
FOREIGN = {"origin": "http://127.0.0.1:9000"}
OWN = {"origin": BASE}


@pytest.fixture
async def browser(sim: Simulated) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url=BASE) as client:
        yield client


def manifest(**changes: Any) -> str:
    return json.dumps(MANIFEST | changes)


async def ask(browser: httpx.AsyncClient, path: str = "/settings/apps/new", **changes: Any) -> Any:
    """What the bot's own page makes the browser send."""
    form = {"manifest": manifest(**changes)}
    return await browser.post(path, params={"state": "s&1"}, data=form, headers=FOREIGN)


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input [^>]*name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


async def register(browser: httpx.AsyncClient, **changes: Any) -> str:
    """The code."""
    page = await ask(browser, **changes)
    assert page.status_code == 200
    done = await browser.post("/settings/apps", data=fields(page.text), headers=OWN)
    assert done.status_code == 302, done.text
    return parse_qs(urlsplit(done.headers["location"]).query)["code"][0]


async def test_the_whole_way(sim: Simulated, browser: httpx.AsyncClient) -> None:
    with receiving("") as (url, receiver):
        page = await ask(browser, hook_attributes={"url": url})
        assert page.status_code == 200
        assert "It <b>" not in page.text
        assert (
            "form-action 'self' http://127.0.0.1:9000;" in page.headers["content-security-policy"]
        )
        assert sim.world.tables.apps.one("slug", "my-bot") is None, "it asks first"
        done = await browser.post("/settings/apps", data=fields(page.text), headers=OWN)
        assert done.status_code == 302
        target = urlsplit(done.headers["location"])
        query = parse_qs(target.query)
        assert (target.netloc, target.path) == ("127.0.0.1:9000", "/setup/done")
        assert (query["from"], query["state"]) == (["github"], ["s&1"])
        await settled(sim)
        (ping,) = receiver.deliveries
    made = await sim.client().post(f"/app-manifests/{query['code'][0]}/conversions")
    assert (made.status_code, problems_of(made)) == (201, [])
    app = made.json()
    assert (app["slug"], app["owner"]["login"]) == ("my-bot", "admin")
    assert app["permissions"] == {"issues": "write", "contents": "read", "metadata": "read"}
    assert ping.event == "ping"
    assert problems_of_payload("ping", ping.payload()) == []
    at = int(sim.world.clock.now().timestamp())
    claims = {"iat": at - 5, "exp": at + 300, "iss": app["client_id"]}
    client = sim.client(jwt.encode(claims, app["pem"], algorithm="RS256"))
    assert (await client.get("/app")).json()["id"] == app["id"]
    hook = sim.world.tables.hooks.one("app", app["id"])
    assert hook is not None
    assert hook.secret == app["webhook_secret"] != ""


async def test_a_code_is_good_once_and_for_an_hour(
    sim: Simulated, browser: httpx.AsyncClient
) -> None:
    code = await register(browser)
    path = f"/app-manifests/{code}/conversions"
    assert (await sim.client().post(path)).status_code == 201
    again = await sim.client().post(path)
    assert (again.status_code, problems_of(again)) == (404, [])
    late = await register(browser, name="Other Bot")
    sim.world.clock.advance(3600)
    assert (await sim.client().post(f"/app-manifests/{late}/conversions")).status_code == 404
    assert (await sim.client().post("/app-manifests/none/conversions")).status_code == 404


async def test_for_an_organization(sim: Simulated, browser: httpx.AsyncClient) -> None:
    page = await ask(browser, "/organizations/acme/settings/apps/new")
    assert fields(page.text)["owner"] == "acme"
    done = await browser.post("/settings/apps", data=fields(page.text), headers=OWN)
    assert done.status_code == 302
    app = sim.world.tables.apps.one("slug", "my-bot")
    assert app is not None
    assert sim.world.tables.accounts[app.owner_id].login == "acme"


@pytest.mark.parametrize("login", ["writer", "outsider", "-"])
async def test_only_those_who_administer_it(
    sim: Simulated, browser: httpx.AsyncClient, login: str
) -> None:
    browser.cookies.set("acting_as", login)
    before = len(sim.world.tables.apps)
    page = await ask(browser, "/organizations/acme/settings/apps/new")
    assert page.status_code in (401, 404)
    form = {"owner": "acme", "manifest": manifest(), "state": "", "name": "Sneaky"}
    done = await browser.post("/settings/apps", data=form, headers=OWN)
    assert done.status_code in (401, 404)
    assert len(sim.world.tables.apps) == before


async def test_other_sites_cannot_confirm(sim: Simulated, browser: httpx.AsyncClient) -> None:
    page = await ask(browser)
    before = len(sim.world.tables.apps)
    for headers in (FOREIGN, {"origin": "null"}, {}):
        done = await browser.post("/settings/apps", data=fields(page.text), headers=headers)
        assert done.status_code == 403
    assert len(sim.world.tables.apps) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"url": None},
        {"url": "javascript:alert(1)"},
        {"redirect_url": "data:text/html,x"},
        {"redirect_url": "http://a;script-src b/"},
        {"setup_url": "file:///etc/passwd"},
        {"hook_attributes": {"url": "gopher://x"}},
        {"hook_attributes": []},
        {"default_permissions": {"issues": "owner"}},
        {"default_events": ["weather"]},
        {"default_events": "issues"},
    ],
)
async def test_manifests_that_are_refused(
    browser: httpx.AsyncClient, changes: dict[str, Any]
) -> None:
    page = await ask(browser, **changes)
    assert page.status_code == 422
    assert "manifest" in page.text


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"url": "' + "x" * 70_000 + '"}'])
async def test_what_is_no_manifest(browser: httpx.AsyncClient, text: str) -> None:
    answer = await browser.post("/settings/apps/new", data={"manifest": text}, headers=FOREIGN)
    assert answer.status_code == 422


async def test_forms_of_other_sites_that_are_none_or_too_large(
    browser: httpx.AsyncClient,
) -> None:
    path = "/settings/apps/new"
    broken = FOREIGN | {"content-type": "multipart/form-data; boundary=y"}
    answer = await browser.post(path, content=b"--x\r\nbroken", headers=broken)
    assert answer.status_code == 400
    answer = await browser.post(path, data={"manifest": "x" * (3 << 20)}, headers=FOREIGN)
    assert answer.status_code == 413
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["", "  ", "---", "x" * 35, "OTP Genesis", "otp genesis"])
async def test_names_that_no_app_can_have(
    sim: Simulated, browser: httpx.AsyncClient, name: str
) -> None:
    before = len(sim.world.tables.apps)
    form = fields((await ask(browser)).text) | {"name": name}
    done = await browser.post("/settings/apps", data=form, headers=OWN)
    assert done.status_code == 422
    assert len(sim.world.tables.apps) == before


async def test_installing_on_some_repositories(sim: Simulated, browser: httpx.AsyncClient) -> None:
    await register(browser, public=True)
    path = "/apps/my-bot/installations/new"
    form = await browser.get(path, params={"state": "abc"})
    assert form.status_code == 200
    assert "acme/shop" in form.text
    chosen = {
        "account": "acme",
        "selection": "selected",
        "repository": str(sim.repository.id),
        "state": "abc",
    }
    done = await browser.post(path, data=chosen, headers=OWN)
    assert done.status_code == 303
    app = sim.world.tables.apps.one("slug", "my-bot")
    assert app is not None
    (row,) = sim.world.tables.installations.where("app", app.id)
    assert row.repository_ids == [sim.repository.id]
    assert done.headers["location"] == (
        f"http://127.0.0.1:9000/installed?installation_id={row.id}&setup_action=install&state=abc"
    )
    created = [d for d in sim.world.tables.deliveries if d.event == "installation"]
    assert [d.action for d in created] == ["created"]
    assert problems_of_payload("installation", json.loads(created[0].payload)) == []
    again = await browser.post(path, data=chosen | {"selection": "all"}, headers=OWN)
    assert "setup_action=update" in again.headers["location"]
    assert row.repository_selection == "all"
    none = await browser.post(path, data={"account": "acme", "selection": "selected"}, headers=OWN)
    assert none.status_code == 422


async def test_the_page_of_an_installation(sim: Simulated, browser: httpx.AsyncClient) -> None:
    shown = await sim.as_app().get(f"/app/installations/{sim.installation.id}")
    page = await browser.get(shown.json()["html_url"])
    assert page.headers["location"] == "/apps/otp-genesis/installations/new"
    own = await browser.get(f"/settings/installations/{sim.installation.id}")
    assert own.status_code == 302
    for id in ("1", "x", "9" * 400):
        assert (await browser.get(f"/settings/installations/{id}")).status_code == 404


async def test_odd_origins_are_refused(browser: httpx.AsyncClient) -> None:
    for origin in ("http://[", "://", "http://[::1]x", BASE + ".evil"):
        answer = await browser.post("/settings/apps", data={}, headers={"origin": origin})
        assert answer.status_code == 403, origin


async def test_a_private_app_is_for_its_owner(sim: Simulated, browser: httpx.AsyncClient) -> None:
    await register(browser)
    path = "/apps/my-bot/installations/new"
    assert "acme/shop" not in (await browser.get(path)).text
    refused = await browser.post(path, data={"account": "acme"}, headers=OWN)
    assert refused.status_code == 403
    done = await browser.post(path, data={"account": "admin"}, headers=OWN)
    assert done.status_code == 303


async def test_installing_is_for_admins_and_from_our_own_page(
    sim: Simulated, browser: httpx.AsyncClient
) -> None:
    before = len(sim.world.tables.installations)
    path = "/apps/otp-genesis/installations/new"
    assert (await browser.get("/apps/none/installations/new")).status_code == 404
    form = {"account": "acme"}
    assert (await browser.post(path, data=form, headers=FOREIGN)).status_code == 403
    browser.cookies.set("acting_as", "writer")
    assert (await browser.post(path, data=form, headers=OWN)).status_code == 404
    browser.cookies.set("acting_as", "-")
    assert (await browser.get(path)).status_code == 401
    assert len(sim.world.tables.installations) == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h/p", "http://h/p?code=a%26b"),
        ("http://h/p?x=1#f", "http://h/p?x=1&code=a%26b#f"),
    ],
)
def test_parameters_are_added_to_an_address(url: str, expected: str) -> None:
    assert with_query(url, code="a&b", state="") == expected


@pytest.mark.parametrize(
    ("name", "slug"), [("My Bot", "my-bot"), ("  A--b! ", "a-b"), ("ÄÖ", ""), ("a[bot]", "a-bot")]
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug
