"""What every page passes: acting as somebody, forms of other sites, headers, errors."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.pages.browser import Browser
from tests.simulator.pages.conftest import Visit
from tests.simulator.support import BASE, Simulated

pytestmark = pytest.mark.anyio

ISSUES = "/acme/shop/issues"


def issues(sim: Simulated) -> int:
    return len(sim.world.tables.issues)


async def test_a_visitor_is_the_admin_until_they_choose(sim: Simulated) -> None:
    browser = Browser(sim)
    browser.client.cookies.clear()
    chosen = (await browser.get("/")).all("option", selected="")
    assert [option.text for option in chosen if "selected" in option.attributes] == ["admin"]


async def test_choosing_a_person_is_kept_and_leads_back(admin: Browser) -> None:
    answer = await admin.send("/_simulator/act", login="reader")
    assert answer.status == 303
    cookie = answer.response.headers["set-cookie"].lower()
    assert "samesite=strict" in cookie
    assert "httponly" in cookie
    options = (await admin.get("/")).all("option")
    assert [o.text for o in options if "selected" in o.attributes] == ["reader"]


async def test_the_way_back_stays_on_this_site(admin: Browser) -> None:
    targets = {
        f"{BASE}/acme/shop/issues?q=a": "/acme/shop/issues?q=a",
        f"{BASE}//evil.example/x": "/evil.example/x",
        "http://evil.example/x": "/",
        "": "/",
    }
    for referer, target in targets.items():
        headers = {"origin": BASE, "referer": referer}
        answer = await admin.client.post("/_simulator/act", data={"login": "x"}, headers=headers)
        assert answer.headers["location"] == target


STRANGE: list[dict[str, str]] = [
    {},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"referer": "http://evil.example/acme/shop"},
    {"origin": "http://evil.example", "referer": BASE + "/"},
]


async def test_forms_of_other_sites_are_refused(sim: Simulated, admin: Browser) -> None:
    for headers in STRANGE:
        answer = await admin.client.post(ISSUES, data={"title": "Mine"}, headers=headers)
        assert answer.status_code == 403, headers
        assert "not sent from a page of the simulator" in answer.text
        assert issues(sim) == 0


async def test_a_form_with_our_referer_alone_is_taken(sim: Simulated, admin: Browser) -> None:
    headers = {"referer": BASE + ISSUES}
    answer = await admin.client.post(ISSUES, data={"title": "Mine"}, headers=headers)
    assert answer.status_code == 303
    assert issues(sim) == 1


async def test_a_form_that_is_too_large_is_refused(sim: Simulated, admin: Browser) -> None:
    answer = await admin.send(ISSUES, title="x", body="y" * (3 << 20))
    assert answer.status == 413
    assert issues(sim) == 0


async def test_a_body_that_is_no_form(sim: Simulated, admin: Browser) -> None:
    answer = await admin.client.post(
        ISSUES,
        content=b"--x\r\nbroken",
        headers={"origin": BASE, "content-type": "multipart/form-data; boundary=y"},
    )
    assert answer.status_code == 400
    assert issues(sim) == 0


async def test_what_was_done_before_a_refusal_lasts(sim: Simulated, admin: Browser) -> None:
    kept: list[str] = []
    sim.world.after_commit(lambda: kept.append("kept"))
    assert (await admin.get("/acme/none")).status == 404
    assert kept == ["kept"]


async def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script(admin: Browser) -> None:
    answer = await admin.get("/acme/shop")
    policy = answer.response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.response.headers["x-content-type-options"] == "nosniff"
    assert answer.response.headers["cache-control"] == "no-store"


async def test_style_and_script_are_kept_by_the_browser(admin: Browser) -> None:
    page = await admin.get("/")
    addresses = [page.one("link", rel="stylesheet")["href"], page.one("script")["src"]]
    for address in addresses:
        answer = await admin.get(address)
        assert answer.status == 200
        assert "immutable" in answer.response.headers["cache-control"]
    assert (await admin.get("/_simulator/assets/..%2fgate.py")).status == 404


async def test_a_refusal_keeps_what_was_typed(sim: Simulated, visit: Visit) -> None:
    answer = await visit("").send(ISSUES, title="Kept <b>title</b>", body="Kept body")
    assert answer.status == 401
    assert answer.one("p", role="alert").text == "Requires authentication"
    kept = [area.text.strip() for area in answer.all("textarea")]
    assert kept == ["Kept <b>title</b>", "Kept body"]
    assert issues(sim) == 0


async def test_what_is_not_there_is_a_page_too(admin: Browser) -> None:
    for path in ("/nobody", "/acme/none", "/acme/shop/a/b", "/acme/shop/issues/1", "/a/b/c/d/e"):
        answer = await admin.get(path)
        assert answer.status == 404, path
        assert answer.one("h1").text == "There is nothing here"


async def test_a_private_repository_is_nowhere_for_who_may_not_see_it(
    sim: Simulated, visit: Visit
) -> None:
    sim.repository.private = True
    for path in ("/acme/shop", ISSUES, "/acme/shop/pulls", "/acme/shop/commits"):
        assert (await visit("outsider").get(path)).status == 404
        assert (await visit("").get(path)).status == 404
        assert (await visit("reader").get(path)).status == 200
    for path in ("/", "/acme"):
        assert "shop" not in (await visit("outsider").get(path)).words.replace("workshop", "")


async def test_the_api_is_not_taken_over_by_pages(sim: Simulated) -> None:
    answer = await sim.as_("admin").get("/nothing/here")
    assert answer.headers["content-type"].startswith("application/json")


async def test_no_page_shows_a_token_to_another_machine(sim: Simulated, admin: Browser) -> None:
    token = sim.token_of("admin")
    assert token in (await admin.get("/")).text
    assert token in (await admin.get("/_simulator/people")).text
    far = httpx.ASGITransport(sim.app, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=far, base_url=BASE) as client:
        assert token not in (await client.get("/")).text
        for path in ("/_simulator", "/_simulator/people", "/_simulator/requests"):
            answer = await client.get(path)
            assert answer.status_code == 403
            assert token not in answer.text


async def test_a_renamed_repository_is_found_under_its_old_name(
    sim: Simulated, admin: Browser
) -> None:
    answer = await sim.as_("admin").patch("/repos/acme/shop", json={"name": "store"})
    assert answer.status_code == 200
    shown = await admin.get("/acme/shop/blob/main/lib%2Fshop.ex?plain=1")
    assert (shown.status, shown.target) == (301, "/acme/store/blob/main/lib%2Fshop.ex?plain=1")
    assert (await admin.get("/acme/shop")).target == "/acme/store"
    sent = await admin.send(ISSUES, title="Moved")
    assert (sent.status, sent.target) == (307, "/acme/store/issues")
    sim.repository.private = True
    assert (await Browser(sim, "outsider").get("/acme/shop")).status == 404


async def test_an_archive_offers_no_changes(sim: Simulated, admin: Browser) -> None:
    await admin.send(ISSUES, title="Before")
    sim.repository.archived = True
    page = await admin.get(f"{ISSUES}/1")
    assert {form["action"] for form in page.all("form")} == {"/_simulator/act"}
    assert (await admin.send(f"{ISSUES}/1/comments", body="After")).status == 403
    assert "Archived" in page.words
