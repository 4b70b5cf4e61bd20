"""GitHub Apps over REST: the App, its installations, its tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from githubkit import AppAuthStrategy, AppInstallationAuthStrategy, GitHub
from githubkit.cache import MemCacheStrategy

from bot.simulator.faults.plan import Fault, FaultPlan
from bot.simulator.identity.tokens import user_token
from bot.simulator.options import Source
from bot.simulator.records.accounts import Token
from bot.simulator.seed import add_repository
from tests.simulator.judges.checking import problems_of, problems_of_payload
from tests.simulator.judges.receiver import receiving
from tests.simulator.serving import served
from tests.simulator.support import SHOP, Simulated
from tests.simulator.webhooks.waiting import app_hook, settled

pytestmark = pytest.mark.anyio

NO_JWT = "A JSON web token could not be decoded"


def tokens_path(sim: Simulated) -> str:
    return f"/app/installations/{sim.installation.id}/access_tokens"


async def mint(sim: Simulated, **body: Any) -> Any:
    answer = await sim.as_app().post(tokens_path(sim), json=body)
    assert answer.status_code == 201, answer.text
    assert problems_of(answer) == []
    return answer.json()


async def test_the_app_sees_itself_and_its_installations(sim: Simulated) -> None:
    app = sim.as_app()
    for path, name in (
        ("/app", "OTP Genesis"),
        ("/apps/otp-genesis", "OTP Genesis"),
        ("/apps/github-actions", "GitHub Actions"),
    ):
        answer = await app.get(path)
        assert problems_of(answer) == []
        assert answer.json()["name"] == name
    assert (await app.get("/app")).json()["installations_count"] == 1
    listed = await app.get("/app/installations")
    one = await app.get(f"/app/installations/{sim.installation.id}")
    of_repository = await app.get(f"{SHOP}/installation")
    of_organization = await app.get("/orgs/ACME/installation")
    # The list is not asked about: its description wants an account to be an enterprise as well.
    for answer in (one, of_repository, of_organization):
        assert problems_of(answer) == []
    assert listed.json() == [one.json()]
    assert one.json() == of_repository.json() == of_organization.json()
    assert one.json()["account"]["login"] == "acme"
    assert (await app.get("/app/installation-requests")).json() == []


async def test_where_the_app_is_not(sim: Simulated) -> None:
    app = sim.as_app()
    (actions,) = [i for i in sim.world.tables.installations if i.app_id != sim.genesis.id]
    for path in (
        f"/app/installations/{actions.id}",
        "/app/installations/1",
        "/repos/acme/none/installation",
        "/users/writer/installation",
        "/users/nobody/installation",
        "/orgs/writer/installation",
        "/apps/none",
    ):
        answer = await app.get(path)
        assert (answer.status_code, problems_of(answer)) == (404, []), path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/app"),
        ("GET", "/app/installations"),
        ("GET", "/app/hook/config"),
        ("GET", "/app/hook/deliveries"),
        ("GET", f"{SHOP}/installation"),
        ("POST", "/app/installations/1/access_tokens"),
        ("DELETE", "/app/installations/1"),
        ("PUT", "/app/installations/1/suspended"),
    ],
)
async def test_only_the_apps_jwt_will_do(sim: Simulated, method: str, path: str) -> None:
    bot = sim.client((await mint(sim))["token"])
    for client in (sim.client(), sim.as_("admin"), bot):
        answer = await client.request(method, path)
        assert answer.status_code == 401
        assert answer.json()["message"] == NO_JWT


async def test_a_token_for_one_repository_and_few_permissions(sim: Simulated) -> None:
    made = await mint(sim, repositories=["SHOP"], permissions={"issues": "read"})
    assert made["permissions"] == {"issues": "read", "metadata": "read"}
    assert made["repository_selection"] == "selected"
    assert [r["full_name"] for r in made["repositories"]] == ["acme/shop"]
    assert made["token"].startswith(f"ghs_{sim.genesis.id}_")
    assert len(made["token"]) != 40
    bot = sim.client(made["token"])
    listed = await bot.get("/installation/repositories")
    assert problems_of(listed) == []
    assert (listed.json()["total_count"], listed.json()["repository_selection"]) == (1, "selected")
    refused = await bot.post(f"{SHOP}/issues", json={"title": "One"})
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"


async def test_a_token_for_everything(sim: Simulated) -> None:
    bodies: list[dict[str, Any]] = [{}, {"repositories": [], "permissions": {}}]
    for body in bodies:
        made = await mint(sim, **body)
        assert made["permissions"] == sim.installation.permissions
        assert made["repository_selection"] == "all"
        assert "repositories" not in made
    bare = await sim.as_app().post(tokens_path(sim))
    assert (bare.status_code, problems_of(bare)) == (201, [])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"repositories": ["none"]}, "There is at least one repository that does not exist"),
        ({"repository_ids": [1]}, "There is at least one repository that does not exist"),
        ({"permissions": {"administration": "read"}}, "The permissions requested are not granted"),
        ({"permissions": {"statuses": "write"}}, "The permissions requested are not granted"),
        ({"permissions": {"issues": "owner"}}, "Invalid request."),
        ({"repository_ids": list(range(501))}, "At most 500"),
        ({"repository_ids": "all"}, "Invalid request."),
    ],
)
async def test_tokens_that_are_not_made(sim: Simulated, body: Any, message: str) -> None:
    before = len(sim.world.tables.tokens)
    answer = await sim.as_app().post(tokens_path(sim), json=body)
    assert (answer.status_code, problems_of(answer)) == (422, [])
    assert answer.json()["message"].startswith(message)
    assert len(sim.world.tables.tokens) == before


async def test_a_token_gives_itself_back(sim: Simulated) -> None:
    bot = sim.client((await mint(sim))["token"])
    gone = await bot.delete("/installation/token")
    assert (gone.status_code, problems_of(gone)) == (204, [])
    again = await bot.delete("/installation/token")
    assert (again.status_code, again.json()["message"]) == (401, "Bad credentials")


async def test_expired_tokens_are_not_kept(sim: Simulated) -> None:
    for _ in range(3):
        await mint(sim)
    sim.world.clock.advance(3600)
    await mint(sim)
    assert sim.world.tables.tokens.count("installation", sim.installation.id) == 1


async def test_what_is_for_installation_tokens_only(sim: Simulated) -> None:
    for client, status in ((sim.client(), 401), (sim.as_("admin"), 403), (sim.as_app(), 403)):
        for call in (
            client.get("/installation/repositories"),
            client.delete("/installation/token"),
        ):
            answer = await call
            assert (answer.status_code, problems_of(answer)) == (status, [])
    message = (await sim.as_("admin").get("/installation/repositories")).json()["message"]
    assert message == (
        "You must authenticate with an installation access token"
        " in order to list repositories for an installation."
    )


async def test_a_suspended_installation(sim: Simulated) -> None:
    bot, app = sim.client((await mint(sim))["token"]), sim.as_app()
    path = f"/app/installations/{sim.installation.id}"
    with receiving("") as (url, receiver):
        app_hook(sim, url).secret = ""
        assert (await app.put(f"{path}/suspended")).status_code == 204
        assert (await app.put(f"{path}/suspended")).status_code == 204
        refused = await bot.get(SHOP + "/issues")
        assert (refused.status_code, problems_of(refused)) == (403, [])
        assert refused.json()["message"] == "This installation has been suspended"
        no_token = await app.post(tokens_path(sim))
        assert (no_token.status_code, problems_of(no_token)) == (403, [])
        shown = await app.get(path)
        assert problems_of(shown) == []
        assert shown.json()["suspended_by"]["login"] == "otp-genesis[bot]"
        # Its App hears nothing of the repository meanwhile.
        await sim.as_("writer").post(f"{SHOP}/issues", json={"title": "Unheard"})
        assert (await app.delete(f"{path}/suspended")).status_code == 204
        assert (await bot.get(SHOP + "/issues")).status_code == 200
        await settled(sim, 2)
        heard = sorted((d.event, d.action) for d in receiver.deliveries)
        for delivery in receiver.deliveries:
            assert problems_of_payload("installation", delivery.payload()) == []
    assert heard == [("installation", "suspend"), ("installation", "unsuspend")]


async def test_an_app_uninstalls_itself(sim: Simulated) -> None:
    bot, app = sim.client((await mint(sim))["token"]), sim.as_app()
    with receiving("") as (url, receiver):
        app_hook(sim, url).secret = ""
        gone = await app.delete(f"/app/installations/{sim.installation.id}")
        assert gone.status_code == 204
        await settled(sim)
        (deleted,) = receiver.deliveries
    payload = deleted.payload()
    assert (deleted.event, deleted.action) == ("installation", "deleted")
    assert problems_of_payload("installation", payload) == []
    assert [r["full_name"] for r in payload["repositories"]] == ["acme/shop"]
    assert (await bot.get("/installation/repositories")).status_code == 401
    assert (await app.get("/app/installations")).json() == []
    assert not any(t.installation_id for t in sim.world.tables.tokens)


async def _second_repository(sim: Simulated, shop: Path) -> int:
    row = await add_repository(sim.world, Source(path=shop, name="second"), sim.world.clock.now())
    sim.world.commit()
    return row.id


async def test_people_choose_the_repositories_of_an_installation(
    sim: Simulated, shop: Path
) -> None:
    second = await _second_repository(sim, shop)
    installation = sim.installation
    installation.repository_selection = "selected"
    installation.repository_ids = [sim.repository.id]
    sim.world.tables.installations.save(installation)
    admin = sim.as_("admin")
    path = f"/user/installations/{installation.id}/repositories"
    with receiving("") as (url, receiver):
        app_hook(sim, url).secret = ""
        bot = sim.client((await mint(sim))["token"])
        assert (await bot.get("/installation/repositories")).json()["total_count"] == 1
        assert (await admin.put(f"{path}/{second}")).status_code == 204
        assert (await bot.get("/installation/repositories")).json()["total_count"] == 2
        assert (await admin.delete(f"{path}/{sim.repository.id}")).status_code == 204
        last = await admin.delete(f"{path}/{second}")
        assert last.status_code == 422
        await settled(sim, 2)
        added, removed = sorted(receiver.deliveries, key=lambda d: d.action or "")
    for delivery in (added, removed):
        assert problems_of_payload(delivery.event, delivery.payload()) == []
    assert [r["name"] for r in added.payload()["repositories_added"]] == ["second"]
    assert [r["name"] for r in removed.payload()["repositories_removed"]] == ["shop"]
    assert removed.payload()["repositories_added"] == []
    for login in ("writer", "outsider"):
        assert (await sim.as_(login).put(f"{path}/{second}")).status_code == 404


async def test_people_see_the_installations_around_them(sim: Simulated) -> None:
    reader = sim.as_("reader")
    listed = await reader.get("/user/installations")
    assert problems_of(listed) == []
    slugs = {i["app_slug"] for i in listed.json()["installations"]}
    assert slugs == {"otp-genesis", "github-actions"}
    path = f"/user/installations/{sim.installation.id}/repositories"
    repositories = await reader.get(path)
    assert problems_of(repositories) == []
    assert [r["name"] for r in repositories.json()["repositories"]] == ["shop"]
    outsider = sim.as_("outsider")
    assert (await outsider.get("/user/installations")).json()["total_count"] == 0
    assert (await outsider.get(path)).status_code == 404
    assert (await sim.client().get("/user/installations")).status_code == 401
    bot = sim.client((await mint(sim))["token"])
    assert (await bot.get("/user/installations")).status_code == 403


async def test_a_fault_shortens_the_life_of_tokens(sim: Simulated) -> None:
    sim.world.faults.set(FaultPlan(faults=(Fault(kind="token_life", seconds=5, count=1),)))
    short, usual = (await mint(sim))["token"], (await mint(sim))["token"]
    sim.world.clock.advance(6)
    assert (await sim.client(short).get("/installation/repositories")).status_code == 401
    assert (await sim.client(usual).get("/installation/repositories")).status_code == 200


async def test_githubkit_signs_in_as_the_app_and_its_installation(sim: Simulated) -> None:
    """A client that is not ours mints, uses and checks: over HTTP, typed by GitHub's schema."""
    key = (sim.world.folder / "app.pem").read_text()
    async with served(sim) as running:
        base = f"{running.url}/api/v3"
        # The cache that clients share by default goes by the App's id, which many simulators use.
        own = MemCacheStrategy()
        app = AppAuthStrategy(str(sim.genesis.id), key)
        with GitHub(app, base_url=base, cache_strategy=own) as github:
            app = (await github.rest.apps.async_get_authenticated()).parsed_data
            assert app is not None
            assert app.slug == "otp-genesis"
            found = (await github.rest.apps.async_get_repo_installation("acme", "shop")).parsed_data
        auth = AppInstallationAuthStrategy(str(sim.genesis.id), key, found.id)
        with GitHub(auth, base_url=base, cache_strategy=own) as github:
            rows = await github.rest.apps.async_list_repos_accessible_to_installation()
            assert [r.full_name for r in rows.parsed_data.repositories] == ["acme/shop"]
            made = await github.rest.issues.async_create("acme", "shop", title="By an App")
            assert made.parsed_data.user is not None
            assert made.parsed_data.user.login == "otp-genesis[bot]"


async def test_a_persons_tokens_are_not_the_apps(sim: Simulated) -> None:
    outsider = sim.world.tables.accounts.one("login", "outsider")
    assert outsider is not None
    token: Token = user_token(sim.world.tables, outsider, sim.world.clock.now())
    answer: httpx.Response = await sim.client(token.value).get("/user")
    assert answer.json()["login"] == "outsider"
