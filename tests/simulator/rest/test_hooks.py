"""The hooks of a repository over REST, and the log of what they were sent."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.simulator.records.accounts import Token
from tests.simulator.judges.checking import problems_of, problems_of_payload
from tests.simulator.judges.receiver import Receiver, receiving
from tests.simulator.support import SHOP, Simulated
from tests.simulator.webhooks.waiting import app_hook, settled

pytestmark = pytest.mark.anyio

HOOKS = f"{SHOP}/hooks"
ADDRESS = "http://127.0.0.1:9/hook"


async def add(sim: Simulated, url: str = ADDRESS, **body: Any) -> Any:
    config = {"url": url, "content_type": "json"} | body.pop("config", {})
    answer = await sim.as_("admin").post(HOOKS, json={"config": config, **body})
    assert answer.status_code == 201, answer.text
    assert problems_of(answer) == []
    return answer.json()


async def test_a_new_hook_is_pinged_and_listed(sim: Simulated) -> None:
    with receiving("hush") as (url, receiver):
        hook = await add(sim, url, events=["issues", "issues"], config={"secret": "hush"})
        await settled(sim)
        (ping,) = receiver.deliveries
    assert hook["events"] == ["issues"]
    assert hook["config"]["secret"] == "********"
    assert hook["last_response"] == {"code": None, "status": "unused", "message": None}
    assert ping.genuine
    assert (ping.event, ping.headers["x-github-hook-id"]) == ("ping", str(hook["id"]))
    payload = ping.payload()
    assert problems_of_payload("ping", payload) == []
    assert payload["hook_id"] == hook["id"]
    assert "installation" not in payload
    assert ping.headers["x-github-hook-installation-target-type"] == "repository"
    assert ping.headers["x-github-hook-installation-target-id"] == str(sim.repository.id)
    listed = await sim.as_("admin").get(HOOKS)
    assert problems_of(listed) == []
    assert [h["id"] for h in listed.json()] == [hook["id"]]
    assert listed.json()[0]["last_response"] == {"code": 202, "status": "active", "message": "OK"}


async def test_a_hook_hears_what_it_asked_for(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        await add(sim, url + "/issues", events=["issues"])
        await add(sim, url + "/all", events=["*"])
        await add(sim, url + "/off", events=["*"], active=False)
        writer = sim.as_("writer")
        await writer.post(f"{SHOP}/issues", json={"title": "One"})
        await writer.post(f"{SHOP}/issues/1/comments", json={"body": "Two"})
        rows = await settled(sim, 6)
    heard = sorted((row.url.rpartition("/")[2], row.event) for row in rows if row.event != "ping")
    assert heard == [("all", "issue_comment"), ("all", "issues"), ("issues", "issues")]
    assert all("installation" not in d.payload() for d in receiver.deliveries)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"config": {}}, "url"),
        ({"config": {"url": ""}}, "url"),
        ({"config": {"url": "ftp://host/x"}}, "url"),
        ({"config": {"url": "http://"}}, "url"),
        ({"config": {"url": "http://[::1"}}, "url"),
        ({"config": {"url": "http://host:99999/"}}, "url"),
        ({"config": {"url": "http://host/\nHost: other"}}, "url"),
        ({"config": {"url": ADDRESS, "insecure_ssl": "2"}}, "insecure_ssl"),
        ({"config": {"url": ADDRESS, "secret": "x" * 1001}}, "secret"),
        ({"config": {"url": ADDRESS}, "name": "email"}, "name"),
        ({"config": {"url": ADDRESS}, "events": ["weather"]}, "events"),
    ],
)
async def test_what_cannot_be_a_hook(sim: Simulated, body: Any, field: str) -> None:
    answer = await sim.as_("admin").post(HOOKS, json=body)
    assert answer.status_code == 422
    assert problems_of(answer) == []
    assert answer.json()["errors"][0]["field"] == field
    assert len(sim.world.tables.hooks) == 1, "the App's"


async def test_the_same_hook_cannot_be_made_twice(sim: Simulated) -> None:
    await add(sim)
    again = await sim.as_("admin").post(HOOKS, json={"config": {"url": ADDRESS}})
    assert again.status_code == 422
    assert again.json()["errors"][0]["message"] == "Hook already exists on this repository"


async def test_twenty_hooks_an_event(sim: Simulated) -> None:
    for number in range(20):
        await add(sim, f"{ADDRESS}/{number}")
    config = {"url": ADDRESS}
    more = await sim.as_("admin").post(HOOKS, json={"config": config})
    assert more.status_code == 422
    assert more.json()["errors"][0]["message"] == (
        'The "push" event cannot have more than 20 hooks'
    )
    await add(sim, ADDRESS, events=["issues"])


async def test_a_hook_is_changed(sim: Simulated) -> None:
    hook = await add(sim, config={"secret": "hush", "insecure_ssl": 1})
    admin, path = sim.as_("admin"), f"{HOOKS}/{hook['id']}"
    edit = {"add_events": ["issues"], "remove_events": ["push"], "active": False}
    changed = await admin.patch(path, json=edit)
    assert problems_of(changed) == []
    assert (changed.json()["events"], changed.json()["active"]) == (["issues"], False)
    assert changed.json()["config"]["insecure_ssl"] == "1"
    config = await admin.patch(f"{path}/config", json={"content_type": "form"})
    assert problems_of(config) == []
    assert config.json() == {
        "content_type": "form",
        "insecure_ssl": "1",
        "url": ADDRESS,
        "secret": "********",
    }
    replaced = await admin.patch(path, json={"config": {"url": ADDRESS + "/2"}})
    assert "secret" not in replaced.json()["config"]
    got = await admin.get(f"{path}/config")
    assert got.json() == {"content_type": "form", "insecure_ssl": "0", "url": ADDRESS + "/2"}


async def test_a_hook_is_removed_with_its_log(sim: Simulated) -> None:
    hook = await add(sim)
    await settled(sim)
    admin, path = sim.as_("admin"), f"{HOOKS}/{hook['id']}"
    gone = await admin.delete(path)
    assert gone.status_code == 204
    assert (await admin.get(path)).status_code == 404
    assert len(sim.world.tables.deliveries) == 0


@pytest.mark.parametrize("login", ["maintainer", "writer", "reader", "outsider"])
async def test_only_admins_know_of_hooks(sim: Simulated, login: str) -> None:
    hook = await add(sim)
    person = sim.as_(login)
    for path in (HOOKS, f"{HOOKS}/{hook['id']}", f"{HOOKS}/{hook['id']}/deliveries"):
        answer = await person.get(path)
        assert (answer.status_code, problems_of(answer)) == (404, [])
    assert (await person.delete(f"{HOOKS}/{hook['id']}")).status_code == 404
    assert (await sim.client().get(HOOKS)).status_code == 404


async def test_apps_need_the_permission_for_hooks(sim: Simulated) -> None:
    made = await sim.as_app().post(f"/app/installations/{sim.installation.id}/access_tokens")
    bot = sim.client(made.json()["token"])
    refused = await bot.get(HOOKS)
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"
    token = _token(sim, made.json()["token"])
    token.permissions["repository_hooks"] = "read"
    assert (await bot.get(HOOKS)).status_code == 200
    assert (await bot.post(HOOKS, json={"config": {"url": ADDRESS}})).status_code == 403


def _token(sim: Simulated, value: str) -> Token:
    token = sim.world.tables.tokens.one("value", value)
    assert token is not None
    return token


async def test_pings_and_tests_on_demand(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        pushes = await add(sim, url)
        others = await add(sim, url + "/others", events=["issues"])
        admin = sim.as_("admin")
        for hook in (pushes, others):
            assert (await admin.post(f"{HOOKS}/{hook['id']}/pings")).status_code == 204
            assert (await admin.post(f"{HOOKS}/{hook['id']}/tests")).status_code == 204
        await settled(sim, 5)
        (push,) = receiver.of("push")
        assert len(receiver.of("ping")) == 4
    assert push.headers["x-github-hook-id"] == str(pushes["id"])
    payload = push.payload()
    assert problems_of_payload("push", payload) == []
    assert payload["head_commit"]["message"] == "Begin"


async def test_deliveries_are_shown_and_made_again(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        hook = await add(sim, url)
        path, admin = f"{HOOKS}/{hook['id']}/deliveries", sim.as_("admin")
        await settled(sim)
        listed = await admin.get(path)
        assert problems_of(listed) == []
        (first,) = listed.json()
        shown = await admin.get(f"{path}/{first['id']}")
        assert problems_of(shown) == []
        assert shown.json()["request"]["headers"]["X-GitHub-Event"] == "ping"
        assert shown.json()["request"]["payload"]["hook_id"] == hook["id"]
        again = await admin.post(f"{path}/{first['id']}/attempts")
        assert (again.status_code, problems_of(again)) == (202, [])
        await settled(sim, 2)
        second = (await admin.get(path)).json()[0]
        assert len({d.body for d in receiver.deliveries}) == 1
    assert second["redelivery"]
    assert (second["guid"], second["id"] != first["id"]) == (first["guid"], True)


async def test_deliveries_of_another_hook_are_not_shown(sim: Simulated) -> None:
    one, two = await add(sim), await add(sim, ADDRESS + "/2")
    await settled(sim, 2)
    admin = sim.as_("admin")
    (mine,) = (await admin.get(f"{HOOKS}/{one['id']}/deliveries")).json()
    for call in (
        admin.get(f"{HOOKS}/{two['id']}/deliveries/{mine['id']}"),
        admin.post(f"{HOOKS}/{two['id']}/deliveries/{mine['id']}/attempts"),
        sim.as_app().get(f"/app/hook/deliveries/{mine['id']}"),
    ):
        assert (await call).status_code == 404


async def _deliver(sim: Simulated, receiver: Receiver, statuses: list[int]) -> None:
    for number, status in enumerate(statuses):
        receiver.status = status
        await sim.as_("writer").post(f"{SHOP}/issues", json={"title": f"Number {number}"})
        await settled(sim, number + 1)


async def test_pages_of_deliveries_by_cursor(sim: Simulated) -> None:
    with receiving("") as (url, receiver):
        app_hook(sim, url)
        await _deliver(sim, receiver, [200, 500, 200, 500, 200])
        app = sim.as_app()
        whole = await app.get("/app/hook/deliveries")
        ids = [d["id"] for d in whole.json()]
        assert ids == sorted(ids, reverse=True)
        assert "link" not in whole.headers
        first = await app.get("/app/hook/deliveries", params={"per_page": 2})
        assert problems_of(first) == []
        # One more meanwhile: the next page still begins where the first one ended.
        await _deliver(sim, receiver, [200])
        await settled(sim, 6)
        second = await app.get(_link(first, "next"))
        third = await app.get(_link(second, "next"))
        pages = [[d["id"] for d in page.json()] for page in (first, second, third)]
        assert pages == [ids[:2], ids[2:4], ids[4:]]
        assert set(third.links) == {"prev"}
        assert [d["id"] for d in (await app.get(_link(third, "prev"))).json()] == ids[2:4]
        failed = await app.get("/app/hook/deliveries", params={"status": "failure"})
        assert [d["status_code"] for d in failed.json()] == [500, 500]


def _link(response: httpx.Response, name: str) -> str:
    return str(response.links[name]["url"])


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "v1_-1"}, {"status": "odd"}])
async def test_odd_questions_about_deliveries(sim: Simulated, query: dict[str, str]) -> None:
    answer = await sim.as_app().get("/app/hook/deliveries", params=query)
    assert (answer.status_code, problems_of(answer)) == (422, [])


async def test_the_app_gives_its_hook_an_address(sim: Simulated) -> None:
    app = sim.as_app()
    before = await app.get("/app/hook/config")
    assert "url" not in before.json()
    with receiving("new") as (url, receiver):
        config = {"url": url, "secret": "new", "content_type": "json"}
        changed = await app.patch("/app/hook/config", json=config)
        assert problems_of(changed) == []
        assert changed.json() == {
            "url": url,
            "secret": "********",
            "content_type": "json",
            "insecure_ssl": "0",
        }
        await settled(sim)
        (ping,) = receiver.deliveries
    assert ping.genuine
    payload = ping.payload()
    assert problems_of_payload("ping", payload) == []
    assert payload["hook"]["app_id"] == sim.genesis.id
    bad = await app.patch("/app/hook/config", json={"url": "javascript:alert(1)"})
    assert bad.status_code == 422
    assert (await app.get("/app/hook/config")).json()["url"] == url
