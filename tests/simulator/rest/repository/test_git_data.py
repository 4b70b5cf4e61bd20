"""Git commits, trees, blobs and tags over REST."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.simulator.judges.checking import problems_of
from tests.simulator.rest.repository.support import app_client, head_of, heard_by
from tests.simulator.support import SHOP, Simulated, git

pytestmark = pytest.mark.anyio

GIT = f"{SHOP}/git"
UNKNOWN = "1" * 40
BLOB = {"path": "a.txt", "mode": "100644", "type": "blob"}


async def tree_of(sim: Simulated) -> str:
    return (await sim.world.git(sim.repository).commit(head_of(sim))).tree


async def test_a_commit_is_built_piece_by_piece(sim: Simulated) -> None:
    app = app_client(sim, contents="write")
    heard = heard_by(sim)
    blob = await app.post(f"{GIT}/blobs", json={"content": "hello\n"})
    assert blob.status_code == 201
    entry = BLOB | {"path": "docs/a.txt", "sha": blob.json()["sha"]}
    tree = await app.post(f"{GIT}/trees", json={"base_tree": await tree_of(sim), "tree": [entry]})
    assert sorted(e["path"] for e in tree.json()["tree"]) == ["README.md", "docs", "lib"]
    body = {"message": "Add docs", "tree": tree.json()["sha"], "parents": [head_of(sim)]}
    commit = await app.post(f"{GIT}/commits", json=body)
    assert commit.json()["author"]["name"] == "otp-genesis[bot]"
    assert [problems_of(answer) for answer in (blob, tree, commit)] == [[], [], []]
    assert heard == []
    sha = commit.json()["sha"]
    moved = await app.patch(f"{GIT}/refs/heads/main", json={"sha": sha})
    assert moved.status_code == 200
    assert [e.name for e in heard] == ["push"]
    place = sim.world.git(sim.repository).path
    assert git("show", "main:docs/a.txt", cwd=place) == "hello\n"
    assert git("fsck", "--strict", "--no-dangling", cwd=place) == ""


async def test_the_same_commit_has_the_sha_that_git_gives_it(sim: Simulated) -> None:
    person = {"name": "Ada", "email": "ada@example.com", "date": "2024-02-03T04:05:06+02:00"}
    body = {"message": "Same\n\nBody\n", "tree": await tree_of(sim), "author": person}
    made = await sim.as_("writer").post(f"{GIT}/commits", json=body)
    raw = git("cat-file", "commit", made.json()["sha"], cwd=sim.world.git(sim.repository).path)
    line = "Ada <ada@example.com> 1706925906 +0200"
    assert raw == f"tree {body['tree']}\nauthor {line}\ncommitter {line}\n\nSame\n\nBody\n"
    assert made.json()["author"]["date"] == "2024-02-03T02:05:06Z"
    assert made.json()["committer"] == made.json()["author"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x" * 100_000, "email": "y" * 100_000},
        {"date": "2024-02-03T04:05:06+02:00:30"},
        {"date": "0001-01-01T00:00:00+23:59"},
        {"name": "a\nb"},
    ],
)
async def test_odd_persons_make_no_broken_commits(sim: Simulated, change: dict[str, str]) -> None:
    person = {"name": "Ada", "email": "ada@example.com"} | change
    body = {"message": "Odd", "tree": await tree_of(sim), "author": person}
    made = await sim.as_("writer").post(f"{GIT}/commits", json=body)
    assert made.status_code in (201, 422)
    assert "Person(" not in made.text
    git("fsck", "--strict", "--no-dangling", cwd=sim.world.git(sim.repository).path)


async def test_blobs_keep_every_byte(sim: Simulated) -> None:
    data = bytes(range(256)) * 3
    writer = sim.as_("writer")
    body = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
    sha = (await writer.post(f"{GIT}/blobs", json=body)).json()["sha"]
    answer = await writer.get(f"{GIT}/blobs/{sha}")
    assert base64.b64decode(answer.json()["content"]) == data
    assert answer.json()["size"] == len(data)
    assert problems_of(answer) == []
    raw = {"accept": "application/vnd.github.raw"}
    assert (await writer.get(f"{GIT}/blobs/{sha}", headers=raw)).content == data


@pytest.mark.parametrize(
    "body",
    [
        {"content": "a"},
        {"content": "not base64", "encoding": "base64"},
        {"content": "a", "encoding": "rot13"},
        {"content": 7},
        {},
    ],
)
async def test_blobs_of_odd_bodies(sim: Simulated, body: dict[str, Any]) -> None:
    answer = await sim.as_("writer").post(f"{GIT}/blobs", json=body)
    assert answer.status_code == (201 if body == {"content": "a"} else 422)


async def test_trees_are_listed_flat_and_whole(sim: Simulated) -> None:
    reader = sim.as_("reader")
    flat = await reader.get(f"{GIT}/trees/main")
    assert [(e["path"], e["type"]) for e in flat.json()["tree"]] == [
        ("README.md", "blob"),
        ("lib", "tree"),
    ]
    whole = await reader.get(f"{GIT}/trees/{await tree_of(sim)}", params={"recursive": "1"})
    assert [e["path"] for e in whole.json()["tree"]] == ["README.md", "lib", "lib/shop.ex"]
    assert whole.json()["truncated"] is False
    assert problems_of(flat) == []
    assert problems_of(whole) == []
    by_commit = await reader.get(f"{GIT}/trees/{head_of(sim)}")
    assert by_commit.json() == flat.json()


async def test_entries_are_removed_by_a_null_sha(sim: Simulated) -> None:
    writer = sim.as_("writer")
    base = await tree_of(sim)
    gone = {"path": "lib/shop.ex", "mode": "100644", "type": "blob", "sha": None}
    answer = await writer.post(f"{GIT}/trees", json={"base_tree": base, "tree": [gone]})
    assert [e["path"] for e in answer.json()["tree"]] == ["README.md"]
    twice = {"base_tree": answer.json()["sha"], "tree": [gone]}
    again = await writer.post(f"{GIT}/trees", json=twice)
    assert (again.status_code, again.json()["message"]) == (422, "GitRPC::BadObjectState")


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../x", "content": "x"},
        {"path": ".git/config", "content": "x"},
        {"path": "a//b", "content": "x"},
        {"path": "", "content": "x"},
        {"path": "a\0b", "content": "x"},
        {"mode": "100664", "content": "x"},
        {"mode": "040000", "content": "x"},
        {"sha": UNKNOWN},
        {"sha": "main"},
        {"sha": UNKNOWN, "content": "x"},
        {"path": None},
        {"content": 7},
        {},
    ],
)
async def test_bad_entries_are_refused(sim: Simulated, change: dict[str, Any]) -> None:
    body = {"base_tree": await tree_of(sim), "tree": [BLOB | change]}
    answer = await sim.as_("writer").post(f"{GIT}/trees", json=body)
    assert answer.status_code == 422
    assert problems_of(answer) == []


@pytest.mark.parametrize("body", [{"tree": []}, {"tree": {}}, {}, {"tree": [], "base_tree": "x"}])
async def test_bad_trees_are_refused(sim: Simulated, body: dict[str, Any]) -> None:
    assert (await sim.as_("writer").post(f"{GIT}/trees", json=body)).status_code == 422


async def test_workflows_in_trees_need_their_permission(sim: Simulated) -> None:
    entry = {"path": ".github/workflows/ci.yml", "mode": "100644", "content": "on: push"}
    body = {"tree": [entry], "base_tree": await tree_of(sim)}
    refused = await app_client(sim, contents="write").post(f"{GIT}/trees", json=body)
    assert refused.status_code == 403
    app = app_client(sim, contents="write", workflows="write")
    assert (await app.post(f"{GIT}/trees", json=body)).status_code == 201
    made = (await sim.as_("writer").post(f"{GIT}/trees", json=body)).json()["sha"]
    commit = {"message": "CI", "tree": made, "parents": [head_of(sim)]}
    sha = (await sim.as_("writer").post(f"{GIT}/commits", json=commit)).json()["sha"]
    ref = {"ref": "refs/heads/ci", "sha": sha}
    smuggled = await app_client(sim, contents="write").post(f"{GIT}/refs", json=ref)
    assert smuggled.status_code == 403
    assert sim.world.git(sim.repository).ref("refs/heads/ci") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tree": UNKNOWN}, "Tree SHA does not exist"),
        ({"parents": [UNKNOWN]}, "Parent SHA does not exist or is not a commit object"),
        ({"signature": "-----BEGIN"}, "The simulator cannot write signatures."),
    ],
)
async def test_bad_commits_are_refused(
    sim: Simulated, change: dict[str, Any], message: str
) -> None:
    body = {"message": "x", "tree": await tree_of(sim)} | change
    answer = await sim.as_("writer").post(f"{GIT}/commits", json=body)
    assert (answer.status_code, answer.json()["message"]) == (422, message)


async def test_an_annotated_tag(sim: Simulated) -> None:
    writer = sim.as_("writer")
    body = {"tag": "v1", "message": "One", "object": head_of(sim), "type": "commit"}
    made = await writer.post(f"{GIT}/tags", json=body)
    assert made.status_code == 201
    assert problems_of(made) == []
    sha = made.json()["sha"]
    shown = await writer.get(f"{GIT}/tags/{sha}")
    assert shown.json() == made.json()
    assert problems_of(shown) == []
    ref = await writer.post(f"{GIT}/refs", json={"ref": "refs/tags/v1", "sha": sha})
    assert ref.json()["object"]["type"] == "tag"
    assert (await writer.get(f"{SHOP}/commits/v1")).json()["sha"] == head_of(sim)


@pytest.mark.parametrize(
    "change", [{"object": UNKNOWN}, {"type": "blob"}, {"tag": "a b"}, {"type": "tag"}]
)
async def test_bad_tags_are_refused(sim: Simulated, change: dict[str, Any]) -> None:
    body = {"tag": "v1", "message": "One", "object": head_of(sim), "type": "commit"} | change
    assert (await sim.as_("writer").post(f"{GIT}/tags", json=body)).status_code == 422


@pytest.mark.parametrize("kind", ["commits", "trees", "blobs", "tags"])
async def test_objects_that_are_not_there(sim: Simulated, kind: str) -> None:
    reader = sim.as_("reader")
    missing = await reader.get(f"{GIT}/{kind}/{UNKNOWN}")
    assert missing.status_code == 404
    odd = await reader.get(f"{GIT}/{kind}/--help")
    assert odd.status_code == (404 if kind == "trees" else 422)
    wrong = await tree_of(sim) if kind != "trees" else head_of(sim)
    assert (await reader.get(f"{GIT}/{kind}/{wrong}")).status_code == (
        200 if kind == "trees" else 404
    )


async def test_readers_write_no_objects(sim: Simulated) -> None:
    reader = sim.as_("reader")
    assert (await reader.post(f"{GIT}/blobs", json={"content": "x"})).status_code == 404
    tree = {"tree": [BLOB | {"content": "x"}]}
    assert (await reader.post(f"{GIT}/trees", json=tree)).status_code == 404
