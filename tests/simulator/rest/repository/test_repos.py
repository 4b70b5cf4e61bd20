"""Repositories, forks and archives over REST."""

from __future__ import annotations

import asyncio
import io
import tarfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.simulator.events import Event
from tests.simulator.judges.checking import problems_of, problems_of_payload
from tests.simulator.rest.repository.support import (
    app_client,
    as_base64,
    head_of,
    make_branch,
    put_file,
)
from tests.simulator.support import BASE, SHOP, Simulated, make_source, simulated
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio


def told_by(sim: Simulated) -> list[Event]:
    """Filled with what happens to repositories and refs from now on."""
    heard: list[Event] = []

    def hear(event: Event) -> None:
        if event.name in ("repository", "fork", "create", "push", "delete"):
            heard.append(event)

    sim.world.hub.listeners.append(hear)
    return heard


def plain(sim: Simulated) -> httpx.AsyncClient:
    """Without a token and outside of the API, as links are followed."""
    client = httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url=BASE)
    sim.clients.append(client)
    return client


def names_in(archive: bytes, form: str) -> list[str]:
    if form == "zipball":
        return zipfile.ZipFile(io.BytesIO(archive)).namelist()
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return opened.getnames()


async def test_a_repository_is_shown(sim: Simulated) -> None:
    for client in (sim.client(), sim.as_("reader"), sim.as_("admin"), app_client(sim)):
        answer = await client.get(SHOP)
        assert answer.json()["full_name"] == "acme/shop"
        assert problems_of(answer) == []
    admin = (await sim.as_("admin").get(SHOP)).json()
    assert admin["permissions"]["admin"] is True
    assert admin["allow_squash_merge"] is True
    assert admin["organization"]["login"] == "acme"
    assert "allow_squash_merge" not in (await sim.as_("reader").get(SHOP)).json()
    app = app_client(sim, contents="write")
    assert (await app.get(SHOP)).json()["allow_squash_merge"] is True


async def test_a_private_repository_is_not_there_for_others(sim: Simulated) -> None:
    await sim.as_("admin").patch(SHOP, json={"private": True})
    for client in (sim.client(), sim.as_("outsider")):
        for path in ("", "/contents/README.md", "/branches", "/git/ref/heads/main", "/commits"):
            assert (await client.get(SHOP + path)).status_code == 404
    assert (await sim.as_("reader").get(SHOP)).status_code == 200


async def test_settings_are_changed_and_told_of(sim: Simulated) -> None:
    heard = told_by(sim)
    changes = {"description": "Sells", "homepage": "https://shop.test", "has_wiki": True}
    answer = await sim.as_("admin").patch(SHOP, json=changes)
    assert answer.status_code == 200
    assert {key: answer.json()[key] for key in changes} == changes
    assert problems_of(answer) == []
    (event,) = heard
    assert (event.name, event.action) == ("repository", "edited")
    assert event.payload["changes"]["description"] == {"from": None}
    assert problems_of_payload("repository", event.payload) == []


async def test_a_null_takes_a_description_away_and_leaves_a_switch(sim: Simulated) -> None:
    admin = sim.as_("admin")
    await admin.patch(SHOP, json={"description": "Sells"})
    body = {"description": None, "has_issues": None}
    answer = (await admin.patch(SHOP, json=body)).json()
    assert (answer["description"], answer["has_issues"]) == (None, True)


async def test_only_administrators_change_settings(sim: Simulated) -> None:
    heard = told_by(sim)
    body = {"description": "Mine"}
    refused = await sim.as_("maintainer").patch(SHOP, json=body)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Must have admin rights to Repository.",
    )
    app = app_client(sim, contents="write")
    assert (await app.patch(SHOP, json=body)).json()["message"] == (
        "Resource not accessible by integration"
    )
    assert (await sim.client().patch(SHOP, json=body)).status_code == 401
    assert (await sim.as_("writer").delete(SHOP)).status_code == 403
    assert heard == []
    allowed = app_client(sim, administration="write")
    assert (await allowed.patch(SHOP, json=body)).status_code == 200


async def test_a_renamed_repository_is_found_by_redirects(sim: Simulated) -> None:
    heard = told_by(sim)
    admin = sim.as_("admin")
    renamed = await admin.patch(SHOP, json={"name": "my store"})
    assert renamed.json()["full_name"] == "acme/my-store"
    assert [e.action for e in heard] == ["renamed"]
    assert problems_of_payload("repository", heard[0].payload) == []
    assert problems_of(await admin.get(SHOP)) == []
    moved = await admin.get(f"{SHOP}/contents/lib?ref=main")
    assert moved.status_code == 301
    place = moved.headers["location"]
    assert place == f"{BASE}/api/v3/repositories/{sim.repository.id}/contents/lib?ref=main"
    followed = await admin.get(place)
    assert [e["path"] for e in followed.json()] == ["lib/shop.ex"]
    assert (await admin.patch(SHOP, json={"description": "x"})).status_code == 307
    again = await admin.get(SHOP, follow_redirects=True)
    assert again.json()["name"] == "my-store"
    assert (await admin.get(f"/repositories/{sim.repository.id}")).json()["name"] == "my-store"
    assert (await admin.get("/repositories/7")).status_code == 404


async def test_redirects_tell_nobody_of_private_repositories(sim: Simulated) -> None:
    await sim.as_("admin").patch(SHOP, json={"name": "store", "private": True})
    assert (await sim.as_("outsider").get(SHOP)).status_code == 404
    assert (await sim.as_("outsider").get(f"/repositories/{sim.repository.id}")).status_code == 404


async def test_a_name_taken_anew_leads_to_its_new_owner(sim: Simulated) -> None:
    admin = sim.as_("admin")
    await admin.patch(SHOP, json={"name": "store"})
    assert (await admin.post("/orgs/acme/repos", json={"name": "shop"})).status_code == 201
    assert (await admin.get(SHOP)).json()["id"] != sim.repository.id
    back = await admin.patch("/repos/acme/store", json={"name": "shop"})
    assert back.status_code == 422
    assert back.json()["errors"][0]["message"] == "name already exists on this account"


@pytest.mark.parametrize("name", ["", ".", "..", ".git", "a" * 101])
async def test_odd_names_are_refused(sim: Simulated, name: str) -> None:
    answer = await sim.as_("admin").patch(SHOP, json={"name": name})
    assert answer.status_code == 422
    assert sim.repository.name == "shop"


async def test_an_archive_takes_no_change_but_its_end(sim: Simulated) -> None:
    admin = sim.as_("admin")
    heard = told_by(sim)
    assert (await admin.patch(SHOP, json={"archived": True})).json()["archived"] is True
    assert (await admin.patch(SHOP, json={"description": "x"})).status_code == 403
    ref = {"ref": "refs/heads/x", "sha": head_of(sim)}
    assert (await admin.post(f"{SHOP}/git/refs", json=ref)).status_code == 403
    assert (await admin.patch(SHOP, json={"archived": False})).status_code == 200
    assert (await admin.post(f"{SHOP}/git/refs", json=ref)).status_code == 201
    assert [e.action for e in heard if e.name == "repository"] == ["archived", "unarchived"]


async def test_the_default_branch_must_be_there(sim: Simulated) -> None:
    admin = sim.as_("admin")
    missing = await admin.patch(SHOP, json={"default_branch": "trunk"})
    assert missing.status_code == 422
    await make_branch(sim, "trunk")
    await put_file(sim, "trunk.txt", "x", "trunk")
    assert (await admin.patch(SHOP, json={"default_branch": "trunk"})).status_code == 200
    assert (await admin.get(f"{SHOP}/contents/trunk.txt")).status_code == 200
    assert sim.world.git(sim.repository).default_branch == "trunk"
    assert (await admin.delete(f"{SHOP}/git/refs/heads/main")).status_code == 204


async def test_one_way_to_merge_must_stay(sim: Simulated) -> None:
    body = {f"allow_{name}": False for name in ("merge_commit", "squash_merge", "rebase_merge")}
    answer = await sim.as_("admin").patch(SHOP, json=body)
    assert answer.status_code == 422
    assert sim.repository.allow_squash_merge is True


async def test_topics_are_kept(sim: Simulated) -> None:
    admin = sim.as_("admin")
    answer = await admin.put(f"{SHOP}/topics", json={"names": ["Elixir", "otp", "otp"]})
    assert answer.json() == {"names": ["elixir", "otp"]}
    assert problems_of(answer) == []
    assert (await admin.get(f"{SHOP}/topics")).json() == {"names": ["elixir", "otp"]}
    for names in (["a b"], ["-a"], ["a" * 51], [f"t{n}" for n in range(21)]):
        assert (await admin.put(f"{SHOP}/topics", json={"names": names})).status_code == 422


async def test_languages_are_counted(sim: Simulated) -> None:
    answer = await sim.as_("reader").get(f"{SHOP}/languages")
    assert answer.json() == {"Elixir": 22}
    assert problems_of(answer) == []


async def test_the_language_is_that_of_most_code(sim: Simulated) -> None:
    assert (await sim.as_("reader").get(SHOP)).json()["language"] == "Elixir"
    await put_file(sim, "big.py", "x = 1\n" * 100)
    assert (await sim.as_("reader").get(SHOP)).json()["language"] == "Python"
    made = await sim.as_("admin").post("/user/repos", json={"name": "empty"})
    assert made.json()["language"] is None


async def test_there_are_no_releases(sim: Simulated) -> None:
    reader = sim.as_("reader")
    assert (await reader.get(f"{SHOP}/releases")).json() == []
    for path in ("latest", "7", "tags/v1"):
        assert (await reader.get(f"{SHOP}/releases/{path}")).status_code == 404


async def test_a_repository_is_made_with_a_first_commit(sim: Simulated) -> None:
    heard = told_by(sim)
    admin = sim.as_("admin")
    body = {"name": "new", "description": "Fresh", "private": True, "auto_init": True}
    answer = await admin.post("/orgs/acme/repos", json=body)
    assert answer.status_code == 201
    assert problems_of(answer) == []
    assert [e.name for e in heard] == ["repository", "create", "push"]
    assert problems_of_payload("repository", heard[0].payload) == []
    listed = await admin.get("/repos/acme/new/contents")
    assert [e["name"] for e in listed.json()] == ["README.md"]
    assert len((await admin.get("/repos/acme/new/labels")).json()) == 9
    assert (await sim.as_("writer").get("/repos/acme/new")).status_code == 404


async def test_an_empty_repository_says_so(sim: Simulated) -> None:
    admin = sim.as_("admin")
    await admin.post("/user/repos", json={"name": "empty"})
    empty = "/repos/admin/empty"
    for path in ("/commits", "/git/ref/heads/main", "/git/matching-refs/heads", "/git/trees/main"):
        answer = await admin.get(empty + path)
        assert (answer.status_code, answer.json()["message"]) == (409, "Git Repository is empty.")
    blob = await admin.post(f"{empty}/git/blobs", json={"content": "x"})
    assert blob.status_code == 409
    assert (await admin.get(f"{empty}/contents")).json()["message"] == "This repository is empty."
    assert (await admin.get(f"{empty}/branches")).json() == []
    assert (await admin.get(f"{empty}/languages")).json() == {}
    first = {"message": "First", "content": "eA=="}
    assert (await admin.put(f"{empty}/contents/x", json=first)).status_code == 201
    assert [b["name"] for b in (await admin.get(f"{empty}/branches")).json()] == ["main"]


@pytest.mark.parametrize(
    ("login", "path", "body", "status"),
    [
        ("outsider", "/orgs/acme/repos", {"name": "x"}, 403),
        ("reader", "/orgs/acme/repos", {"name": "x"}, 403),
        ("writer", "/orgs/none/repos", {"name": "x"}, 404),
        ("writer", "/orgs/acme/repos", {"name": "SHOP"}, 422),
        ("writer", "/orgs/acme/repos", {}, 422),
        ("writer", "/user/repos", {"name": ".."}, 422),
        ("writer", "/user/repos", {"name": "x", "private": "yes"}, 422),
    ],
)
async def test_what_cannot_be_made(
    sim: Simulated, login: str, path: str, body: dict[str, Any], status: int
) -> None:
    before = len(sim.world.tables.repositories)
    assert (await sim.as_(login).post(path, json=body)).status_code == status
    assert len(sim.world.tables.repositories) == before


async def test_apps_make_no_repositories_without_the_permission(sim: Simulated) -> None:
    app = app_client(sim, contents="write")
    for path in ("/orgs/acme/repos", "/user/repos"):
        assert (await app.post(path, json={"name": "x"})).status_code == 403
    allowed = app_client(sim, administration="write")
    assert (await allowed.post("/orgs/acme/repos", json={"name": "x"})).status_code == 201


async def test_a_deleted_repository_is_gone(sim: Simulated) -> None:
    admin = sim.as_("admin")
    await admin.post(f"{SHOP}/issues", json={"title": "One"})
    place = sim.world.git(sim.repository).path
    id = sim.repository.id
    heard = told_by(sim)
    assert (await admin.delete(SHOP)).status_code == 204
    assert [e.action for e in heard] == ["deleted"]
    assert (await admin.get(SHOP)).status_code == 404
    assert (await admin.get(f"{SHOP}/issues/1")).status_code == 404
    assert len(sim.world.tables.issues) == 0
    assert sim.world.tables.labels.where("repository", id) == []
    await eventually(lambda: not place.exists(), "the folder goes")


async def test_repositories_are_listed_by_owner(sim: Simulated) -> None:
    admin = sim.as_("admin")
    for name in ("beta", "alpha"):
        await admin.post("/user/repos", json={"name": name, "private": name == "beta"})
    own = await admin.get("/user/repos")
    assert [r["full_name"] for r in own.json()] == ["acme/shop", "admin/alpha", "admin/beta"]
    assert problems_of(own) == []
    narrowed = await admin.get("/user/repos", params={"affiliation": "owner"})
    assert [r["name"] for r in narrowed.json()] == ["alpha", "beta"]
    private = await admin.get("/user/repos", params={"visibility": "private"})
    assert [r["name"] for r in private.json()] == ["beta"]
    others = await sim.as_("reader").get("/users/admin/repos")
    assert [r["name"] for r in others.json()] == ["alpha"]
    assert problems_of(others) == []
    organization = await sim.as_("reader").get("/orgs/acme/repos", params={"type": "sources"})
    assert [r["name"] for r in organization.json()] == ["shop"]
    assert problems_of(organization) == []
    assert (await app_client(sim).get("/user/repos")).status_code == 403
    assert (await sim.client().get("/user/repos")).status_code == 401


async def test_a_fork_is_made_once(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    await sim.as_("writer").post(
        f"{SHOP}/git/refs", json={"ref": "refs/genesis/plan-1", "sha": head_of(sim)}
    )
    outsider = sim.as_("outsider")
    heard = told_by(sim)
    answer = await outsider.post(f"{SHOP}/forks")
    assert answer.status_code == 202
    assert problems_of(answer) == []
    assert answer.json()["full_name"] == "outsider/shop"
    assert answer.json()["parent"]["full_name"] == "acme/shop"
    assert [e.name for e in heard] == ["fork"]
    assert problems_of_payload("fork", heard[0].payload) == []
    refs = (await outsider.get("/repos/outsider/shop/git/matching-refs/")).json()
    assert [r["ref"] for r in refs] == ["refs/heads/main", "refs/heads/topic"]
    again = await outsider.post(f"{SHOP}/forks", json={})
    assert again.json()["id"] == answer.json()["id"]
    assert len(heard) == 1
    listed = await sim.as_("reader").get(f"{SHOP}/forks")
    assert [r["full_name"] for r in listed.json()] == ["outsider/shop"]
    assert problems_of(listed) == []


async def test_a_fork_of_the_default_branch_only(sim: Simulated) -> None:
    await make_branch(sim, "main2")
    body = {"default_branch_only": True, "name": "mine"}
    await sim.as_("outsider").post(f"{SHOP}/forks", json=body)
    branches = await sim.as_("outsider").get("/repos/outsider/mine/branches")
    assert [b["name"] for b in branches.json()] == ["main"]


async def test_commits_of_private_forks_are_not_told_of(sim: Simulated) -> None:
    await sim.as_("outsider").post(f"{SHOP}/forks")
    (fork,) = [r for r in sim.world.tables.repositories if r.fork_of_id is not None]
    fork.private = True
    span = f"{SHOP}/compare/main...outsider:main"
    assert (await sim.as_("outsider").get(span)).status_code == 200
    assert (await sim.as_("reader").get(span)).status_code == 404
    assert (await sim.client().get(span)).status_code == 404


async def test_commits_of_forks_can_be_compared(sim: Simulated) -> None:
    outsider = sim.as_("outsider")
    await outsider.post(f"{SHOP}/forks")
    body = {"message": "Mine", "content": "eA=="}
    made = await outsider.put("/repos/outsider/shop/contents/mine.txt", json=body)
    assert made.status_code == 201
    compared = await sim.as_("reader").get(f"{SHOP}/compare/main...outsider:main")
    assert compared.json()["status"] == "ahead"
    assert [f["filename"] for f in compared.json()["files"]] == ["mine.txt"]
    unknown = await sim.as_("reader").get(f"{SHOP}/compare/main...reader:main")
    assert unknown.status_code == 404


@pytest.fixture
async def empty_handed(tmp_path: Path) -> AsyncIterator[Simulated]:
    source = make_source(tmp_path / "secret")
    async with simulated(tmp_path / "state", source, private=True) as running:
        yield running


async def test_archives_are_sent_behind_a_signed_link(empty_handed: Simulated) -> None:
    sim = empty_handed
    secret = "/repos/acme/secret"
    for form in ("tarball", "zipball"):
        answer = await sim.as_("reader").get(f"{secret}/{form}/main")
        assert answer.status_code == 302
        assert problems_of(answer) == []
        sent = await plain(sim).get(answer.headers["location"])
        top = f"acme-secret-{head_of(sim)[:7]}"
        assert f"{top}/lib/shop.ex" in names_in(sent.content, form)
    assert (await sim.as_("outsider").get(f"{secret}/tarball")).status_code == 404
    assert (await sim.as_("reader").get(f"{secret}/tarball/none")).status_code == 404


async def test_links_are_good_for_one_archive_and_a_while(empty_handed: Simulated) -> None:
    sim = empty_handed
    answer = await sim.as_("reader").get("/repos/acme/secret/tarball")
    place = answer.headers["location"]
    for bent in (place[:-2], place.partition("?")[0], place.replace("tar.gz", "zip", 1)):
        assert (await plain(sim).get(bent)).status_code == 404
    assert (await plain(sim).get(place)).status_code == 200
    sim.world.clock.advance(301)
    assert (await plain(sim).get(place)).status_code == 404


async def test_what_a_deleted_repository_had_is_gone_with_it(sim: Simulated) -> None:
    writer = sim.as_("writer")
    await put_file(sim, "a.txt", "a", "main")
    await writer.post(f"{SHOP}/issues", json={"title": "A bug"})
    await writer.post(f"{SHOP}/issues/1/comments", json={"body": "Yes"})
    (comment,) = sim.world.tables.comments
    for place in ("1", f"comments/{comment.id}"):
        path = f"{SHOP}/issues/{place}/reactions"
        assert (await writer.post(path, json={"content": "eyes"})).status_code == 201
    assert (await sim.as_("admin").delete(SHOP)).status_code == 204
    assert list(sim.world.tables.reactions) == []


async def test_a_deleted_repository_does_not_come_back(sim: Simulated) -> None:
    """Whatever was under way, or waited for its turn, when it was deleted."""
    id = sim.repository.id
    pushed = asyncio.Event()
    sim.world.hub.listeners.append(lambda event: pushed.set() if event.name == "push" else None)
    body = {"message": "Add", "content": as_base64("x")}
    writing = [
        asyncio.ensure_future(sim.as_("writer").put(f"{SHOP}/contents/{n}.txt", json=body))
        for n in range(3)
    ]
    await pushed.wait()
    assert (await sim.as_("admin").delete(SHOP)).status_code == 204
    answers = await asyncio.gather(*writing)
    assert {answer.status_code for answer in answers} <= {201, 404}
    assert sim.world.tables.repositories.get(id) is None
    assert list(sim.world.tables.suites) == []


async def test_private_repositories_are_not_counted(sim: Simulated) -> None:
    body = {"name": "secret", "private": True}
    assert (await sim.as_("reader").post("/user/repos", json=body)).status_code == 201
    assert (await sim.as_("outsider").get("/users/reader")).json()["public_repos"] == 0


async def test_a_private_fork_of_the_organization_is_not_told_of(sim: Simulated) -> None:
    body = {"name": "tool", "auto_init": True}
    assert (await sim.as_("outsider").post("/user/repos", json=body)).status_code == 201
    forks, wish = "/repos/outsider/tool/forks", {"organization": "acme"}
    admin = sim.as_("admin")
    assert (await admin.post(forks, json=wish)).status_code == 202
    hidden = {"private": True, "description": "Our secret"}
    assert (await admin.patch("/repos/acme/tool", json=hidden)).status_code == 200
    answer = await sim.as_("writer").post(forks, json=wish)
    assert answer.status_code == 422
    assert "secret" not in answer.text
