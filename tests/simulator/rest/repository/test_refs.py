"""Git references over REST."""

from __future__ import annotations

import pytest

from tests.simulator.judges.checking import problems_of, problems_of_payload
from tests.simulator.rest.repository.support import app_client, head_of, heard_by
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

REFS = f"{SHOP}/git/refs"
UNKNOWN = "1" * 40


async def test_a_ref_is_shown(sim: Simulated) -> None:
    answer = await sim.as_("reader").get(f"{SHOP}/git/ref/heads/main")
    assert answer.status_code == 200
    assert answer.json()["ref"] == "refs/heads/main"
    assert answer.json()["object"]["type"] == "commit"
    assert answer.json()["object"]["sha"] == head_of(sim)
    assert problems_of(answer) == []


@pytest.mark.parametrize("name", ["heads/none", "heads", "heads/mai", "pull/1/head"])
async def test_a_missing_ref_is_not_found(sim: Simulated, name: str) -> None:
    answer = await sim.as_("reader").get(f"{SHOP}/git/ref/{name}")
    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"


async def test_matching_refs_begin_alike(sim: Simulated) -> None:
    writer = sim.as_("writer")
    for name in ("refs/heads/feature-a", "refs/heads/feature-b", "refs/genesis/plan-1"):
        await writer.post(REFS, json={"ref": name, "sha": head_of(sim)})
    found = await writer.get(f"{SHOP}/git/matching-refs/heads/feature")
    assert [r["ref"] for r in found.json()] == ["refs/heads/feature-a", "refs/heads/feature-b"]
    assert problems_of(found) == []
    genesis = await writer.get(f"{SHOP}/git/matching-refs/genesis/")
    assert [r["ref"] for r in genesis.json()] == ["refs/genesis/plan-1"]
    assert (await writer.get(f"{SHOP}/git/matching-refs/none")).json() == []


async def test_a_new_branch_is_created_and_told_of(sim: Simulated) -> None:
    heard = heard_by(sim)
    sha = head_of(sim)
    answer = await sim.as_("writer").post(REFS, json={"ref": "refs/heads/topic", "sha": sha})
    assert answer.status_code == 201
    assert problems_of(answer) == []
    assert answer.headers["location"] == answer.json()["url"]
    create, push = heard
    assert (create.name, create.payload["ref"]) == ("create", "topic")
    assert create.payload["ref_type"] == "branch"
    assert (push.payload["created"], push.payload["commits"]) == (True, [])
    assert push.payload["base_ref"] == "refs/heads/main"
    assert push.payload["head_commit"]["id"] == sha
    assert problems_of_payload("create", create.payload) == []
    assert problems_of_payload("push", push.payload) == []


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("main", "Reference name must contain at least three slash-separated components."),
        ("heads/main", "Reference name must contain at least three slash-separated components."),
        ("refs/main", "Reference name must contain at least three slash-separated components."),
        ("refs/heads/a b", "refs/heads/a b is not a valid ref name."),
        ("refs/heads/a..b", "refs/heads/a..b is not a valid ref name."),
        ("refs/heads/-x", "refs/heads/-x is not a valid ref name."),
        ("refs/heads/x.lock", "refs/heads/x.lock is not a valid ref name."),
        ("refs//heads/x", "refs//heads/x is not a valid ref name."),
        ("../refs/heads/x", "../refs/heads/x is not a valid ref name."),
        ("refs/heads/main", "Reference already exists"),
        ("refs/heads/main/below", "Reference update failed"),
        ("refs/pull/7/head", "Reference update failed"),
    ],
)
async def test_odd_names_are_refused(sim: Simulated, ref: str, message: str) -> None:
    heard = heard_by(sim)
    before = dict(sim.world.git(sim.repository).refs())
    answer = await sim.as_("writer").post(REFS, json={"ref": ref, "sha": head_of(sim)})
    assert answer.status_code == 422
    assert answer.json()["message"] == message
    assert heard == []
    assert dict(sim.world.git(sim.repository).refs()) == before


@pytest.mark.parametrize(
    ("sha", "message"),
    [
        (UNKNOWN, "Object does not exist"),
        (
            "main",
            "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
        ),
    ],
)
async def test_a_ref_needs_an_object(sim: Simulated, sha: str, message: str) -> None:
    body = {"ref": "refs/heads/topic", "sha": sha}
    answer = await sim.as_("writer").post(REFS, json=body)
    assert (answer.status_code, answer.json()["message"]) == (422, message)


async def test_a_branch_stands_at_a_commit_only(sim: Simulated) -> None:
    writer = sim.as_("writer")
    tree = (await sim.world.git(sim.repository).commit(head_of(sim))).tree
    refused = await writer.post(REFS, json={"ref": "refs/heads/tree", "sha": tree})
    assert (refused.status_code, refused.json()["message"]) == (422, "Object is not a commit")
    allowed = await writer.post(REFS, json={"ref": "refs/genesis/tree", "sha": tree})
    assert allowed.json()["object"]["type"] == "tree"


async def test_only_a_fast_forward_needs_no_force(sim: Simulated) -> None:
    writer = sim.as_("writer")
    first = head_of(sim)
    body = {"message": "More", "content": "eA==", "branch": "main"}
    second = (await writer.put(f"{SHOP}/contents/x", json=body)).json()["commit"]["sha"]
    moved = f"{REFS}/heads/main"
    back = await writer.patch(moved, json={"sha": first})
    assert (back.status_code, back.json()["message"]) == (422, "Update is not a fast forward")
    assert head_of(sim) == second
    heard = heard_by(sim)
    forced = await writer.patch(moved, json={"sha": first, "force": True})
    assert forced.status_code == 200
    assert problems_of(forced) == []
    assert head_of(sim) == first
    assert [e.payload["forced"] for e in heard] == [True]
    assert (await writer.patch(moved, json={"sha": second})).status_code == 200


async def test_no_news_where_nothing_moved(sim: Simulated) -> None:
    heard = heard_by(sim)
    answer = await sim.as_("writer").patch(f"{REFS}/heads/main", json={"sha": head_of(sim)})
    assert answer.status_code == 200
    assert heard == []


async def test_what_is_not_there_is_neither_moved_nor_deleted(sim: Simulated) -> None:
    writer = sim.as_("writer")
    moved = await writer.patch(f"{REFS}/heads/none", json={"sha": head_of(sim)})
    gone = await writer.delete(f"{REFS}/heads/none")
    for answer in (moved, gone):
        assert (answer.status_code, answer.json()["message"]) == (422, "Reference does not exist")


async def test_a_branch_is_deleted_and_told_of(sim: Simulated) -> None:
    writer = sim.as_("writer")
    await writer.post(REFS, json={"ref": "refs/heads/a/topic", "sha": head_of(sim)})
    heard = heard_by(sim)
    answer = await writer.delete(f"{REFS}/heads/a/topic")
    assert (answer.status_code, answer.content) == (204, b"")
    push, delete = heard
    assert (push.payload["deleted"], push.payload["head_commit"]) == (True, None)
    assert (delete.name, delete.payload["ref"]) == ("delete", "a/topic")
    assert problems_of_payload("push", push.payload) == []
    assert problems_of_payload("delete", delete.payload) == []
    assert "refs/heads/a/topic" not in sim.repository.known_refs


async def test_the_default_branch_stays(sim: Simulated) -> None:
    answer = await sim.as_("admin").delete(f"{REFS}/heads/main")
    assert answer.status_code == 422
    assert head_of(sim)


async def test_genesis_refs_are_ordinary_refs_without_events(sim: Simulated) -> None:
    app = app_client(sim, contents="write")
    heard = heard_by(sim)
    body = {"ref": "refs/genesis/plan-1", "sha": head_of(sim)}
    assert (await app.post(REFS, json=body)).status_code == 201
    assert (await app.post(REFS, json=body)).json()["message"] == "Reference already exists"
    shown = await app.get(f"{SHOP}/git/ref/genesis/plan-1")
    assert shown.json()["object"]["sha"] == head_of(sim)
    assert (await app.delete(f"{REFS}/genesis/plan-1")).status_code == 204
    assert (await app.get(f"{SHOP}/git/ref/genesis/plan-1")).status_code == 404
    assert heard == []


async def test_who_may_not_write_changes_nothing(sim: Simulated) -> None:
    body = {"ref": "refs/heads/topic", "sha": head_of(sim)}
    heard = heard_by(sim)
    for client in (sim.as_("reader"), sim.as_("triager"), sim.client()):
        assert (await client.post(REFS, json=body)).status_code == 404
    assert (await sim.as_app().post(REFS, json=body)).status_code == 401
    assert (await app_client(sim, contents="read").post(REFS, json=body)).status_code == 403
    assert heard == []
    assert sim.world.git(sim.repository).ref("refs/heads/topic") is None


async def test_a_new_tag_is_told_of(sim: Simulated) -> None:
    heard = heard_by(sim)
    body = {"ref": "refs/tags/v1", "sha": head_of(sim)}
    assert (await sim.as_("writer").post(REFS, json=body)).status_code == 201
    create, push = heard
    assert (create.payload["ref_type"], push.payload["ref"]) == ("tag", "refs/tags/v1")
    assert problems_of_payload("push", push.payload) == []
