"""Contents over REST."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.simulator.git import TreeEdit
from tests.simulator.judges.checking import problems_of, problems_of_payload, problems_of_view
from tests.simulator.rest.repository.support import (
    app_client,
    as_base64,
    head_of,
    heard_by,
    make_branch,
    put_file,
)
from tests.simulator.support import SHOP, Simulated, git, make_source, simulated, write_files

pytestmark = pytest.mark.anyio

CONTENTS = f"{SHOP}/contents"
RAW = {"accept": "application/vnd.github.raw+json"}
WORKFLOW = ".github/workflows/ci.yml"


@pytest.fixture
async def varied(tmp_path: Path) -> AsyncIterator[Simulated]:
    """A repository with links, an executable, a submodule, odd names and large files."""
    source = make_source(tmp_path / "shop")
    write_files(source, {"bin/run": "#!/bin/sh\n", "odd name/ä #1.txt": "odd\n"})
    (source / "bin/run").chmod(0o755)
    os.symlink("../README.md", source / "lib/link")
    os.symlink("/etc/passwd", source / "lib/away")
    os.symlink("nowhere", source / "lib/broken")
    (source / "large.bin").write_bytes(b"x" * (1 << 20) + b"y")
    (source / "latin-\udce4.txt").write_text("latin\n")
    git("add", "-A", cwd=source)
    commit = git("rev-parse", "HEAD", cwd=source).strip()
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},deps/sub", cwd=source)
    git("commit", "-q", "-m", "All kinds", cwd=source)
    async with simulated(tmp_path / "state", source) as running:
        yield running


async def test_a_file_is_given_in_base64(sim: Simulated) -> None:
    answer = await sim.as_("reader").get(f"{CONTENTS}/lib/shop.ex")
    body = answer.json()
    assert base64.b64decode(body["content"]).decode() == "defmodule Shop do\nend\n"
    assert (body["type"], body["encoding"], body["size"]) == ("file", "base64", 22)
    assert (body["name"], body["path"]) == ("shop.ex", "lib/shop.ex")
    assert body["url"].endswith("/contents/lib/shop.ex?ref=main")
    assert problems_of(answer) == []


async def test_a_directory_is_listed(varied: Simulated) -> None:
    reader = varied.as_("reader")
    top = await reader.get(CONTENTS)
    assert problems_of_view("content-directory", top.json()) == []
    names = {entry["name"]: entry["type"] for entry in top.json()}
    assert names["lib"] == "dir"
    assert names["README.md"] == "file"
    assert "latin-\ufffd.txt" in names
    lib = await reader.get(f"{CONTENTS}/lib/")
    assert {e["path"]: e["type"] for e in lib.json()} == {
        "lib/away": "symlink",
        "lib/broken": "symlink",
        "lib/link": "symlink",
        "lib/shop.ex": "file",
    }
    deps = await reader.get(f"{CONTENTS}/deps")
    assert [e["type"] for e in deps.json()] == ["file"]


async def test_a_directory_can_be_asked_for_as_an_object(sim: Simulated) -> None:
    client = sim.client(sim.token_of("reader"), accept="application/vnd.github.object+json")
    body = (await client.get(f"{CONTENTS}/lib")).json()
    assert (body["type"], [e["name"] for e in body["entries"]]) == ("dir", ["shop.ex"])
    assert (await client.get(f"{CONTENTS}/lib/shop.ex")).json()["type"] == "file"


async def test_a_file_can_be_asked_for_raw(sim: Simulated) -> None:
    for accept in ("application/vnd.github.raw", "application/vnd.github.raw+json"):
        client = sim.client(sim.token_of("reader"), accept=accept)
        answer = await client.get(f"{CONTENTS}/lib/shop.ex")
        assert answer.text == "defmodule Shop do\nend\n"
        assert answer.headers["content-type"] == "application/vnd.github.v3.raw; charset=utf-8"


async def test_links_lead_into_the_repository_only(varied: Simulated) -> None:
    reader = varied.as_("reader")
    inside = await reader.get(f"{CONTENTS}/lib/link")
    assert base64.b64decode(inside.json()["content"]).decode() == "# Shop\n"
    for name, target in (("away", "/etc/passwd"), ("broken", "nowhere")):
        link = await reader.get(f"{CONTENTS}/lib/{name}")
        assert (link.json()["type"], link.json()["target"]) == ("symlink", target)
        assert problems_of(link) == []
        assert (await reader.get(f"{CONTENTS}/lib/{name}", headers=RAW)).text == target


async def test_names_with_spaces_and_umlauts(varied: Simulated) -> None:
    answer = await varied.as_("reader").get(f"{CONTENTS}/odd name/ä %231.txt")
    assert base64.b64decode(answer.json()["content"]).decode() == "odd\n"
    assert problems_of(answer) == []
    again = await varied.as_("reader").get(answer.json()["url"].partition("/api/v3")[2])
    assert again.json() == answer.json()


async def test_a_large_file_comes_raw_only(varied: Simulated) -> None:
    reader = varied.as_("reader")
    answer = await reader.get(f"{CONTENTS}/large.bin")
    assert (answer.json()["content"], answer.json()["encoding"]) == ("", "none")
    assert problems_of(answer) == []
    assert len((await reader.get(f"{CONTENTS}/large.bin", headers=RAW)).content) == (1 << 20) + 1


async def test_a_file_of_more_than_100_mb_is_not_given(sim: Simulated) -> None:
    bare = sim.world.git(sim.repository)
    blob = await bare.write_blob(bytes((100 << 20) + 1))
    base = (await bare.commit(head_of(sim))).tree
    tree = await bare.write_tree([TreeEdit("huge.bin", "100644", blob)], base)
    writer = sim.as_("writer")
    commit = {"message": "Huge", "tree": tree, "parents": [head_of(sim)]}
    sha = (await writer.post(f"{SHOP}/git/commits", json=commit)).json()["sha"]
    for url, headers in (
        (f"{CONTENTS}/huge.bin?ref={sha}", {}),
        (f"{CONTENTS}/huge.bin?ref={sha}", RAW),
        (f"{SHOP}/git/blobs/{blob}", {}),
    ):
        answer = await writer.get(url, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["code"] == "too_large"


async def test_a_submodule_is_named(varied: Simulated) -> None:
    answer = await varied.as_("reader").get(f"{CONTENTS}/deps/sub")
    assert (answer.status_code, answer.json()["type"]) == (200, "submodule")


async def test_the_readme_is_found(sim: Simulated) -> None:
    answer = await sim.as_("reader").get(f"{SHOP}/readme")
    assert answer.json()["path"] == "README.md"
    assert problems_of(answer) == []
    assert (await sim.as_("reader").get(f"{SHOP}/readme/lib")).status_code == 404


@pytest.mark.parametrize(
    "path", ["none", "lib/none", "../secret", "lib/../README.md", ".git/config", "lib//shop.ex"]
)
async def test_what_is_not_there_is_not_found(sim: Simulated, path: str) -> None:
    url = f"{CONTENTS}/{path}".replace("..", "%2e%2e")
    assert (await sim.as_("reader").get(url)).status_code == 404


async def test_an_unknown_ref_is_named(sim: Simulated) -> None:
    answer = await sim.as_("reader").get(f"{CONTENTS}/lib", params={"ref": "none"})
    assert (answer.status_code, answer.json()["message"]) == (
        404,
        "No commit found for the ref none",
    )


async def test_a_file_is_created(sim: Simulated) -> None:
    parent = head_of(sim)
    heard = heard_by(sim)
    body = {"message": "Plan", "content": as_base64("plan\n")}
    answer = await sim.as_("writer").put(f"{CONTENTS}/docs/plan.md", json=body)
    assert answer.status_code == 201
    assert problems_of(answer) == []
    commit = answer.json()["commit"]
    assert commit["sha"] == head_of(sim)
    assert [p["sha"] for p in commit["parents"]] == [parent]
    assert commit["author"]["name"] == "Writer"
    assert commit["author"]["email"] == "writer@simulator.test"
    (push,) = heard
    assert push.payload["commits"][0]["added"] == ["docs/plan.md"]
    assert push.payload["commits"][0]["author"]["username"] == "writer"
    assert problems_of_payload("push", push.payload) == []


async def test_a_file_is_replaced_by_its_sha_only(sim: Simulated) -> None:
    writer = sim.as_("writer")
    url = f"{CONTENTS}/README.md"
    sha = (await writer.get(url)).json()["sha"]
    body = {"message": "Edit", "content": as_base64("# New\n")}
    before = head_of(sim)
    missing = await writer.put(url, json=body)
    assert (missing.status_code, missing.json()["message"]) == (
        422,
        'Invalid request.\n\n"sha" wasn\'t supplied.',
    )
    wrong = await writer.put(url, json=body | {"sha": "deadbeef"})
    assert (wrong.status_code, wrong.json()["message"]) == (
        409,
        "README.md does not match deadbeef",
    )
    assert head_of(sim) == before
    done = await writer.put(url, json=body | {"sha": sha})
    assert done.status_code == 200
    assert problems_of(done) == []
    stale = await writer.put(url, json=body | {"sha": sha})
    assert stale.status_code == 409


async def test_the_sha_of_a_file_that_is_not_there_is_ignored(sim: Simulated) -> None:
    body = {"message": "New", "content": as_base64("x"), "sha": "deadbeef"}
    assert (await sim.as_("writer").put(f"{CONTENTS}/new", json=body)).status_code == 201


async def test_ten_writers_with_one_sha_make_one_commit(sim: Simulated) -> None:
    writer = sim.as_("writer")
    sha = (await writer.get(f"{CONTENTS}/README.md")).json()["sha"]
    before = head_of(sim)
    bodies = [
        {"message": f"Edit {n}", "content": as_base64(f"# {n}\n"), "sha": sha} for n in range(10)
    ]
    answers = await asyncio.gather(
        *(writer.put(f"{CONTENTS}/README.md", json=body) for body in bodies)
    )
    assert sorted(a.status_code for a in answers) == [200] + [409] * 9
    history = await sim.world.git(sim.repository).shas_between(before, head_of(sim))
    assert len(history) == 1


async def test_a_file_is_deleted(sim: Simulated) -> None:
    writer = sim.as_("writer")
    url = f"{CONTENTS}/lib/shop.ex"
    sha = (await writer.get(url)).json()["sha"]
    wrong = await writer.request("DELETE", url, json={"message": "Drop", "sha": "0" * 40})
    assert wrong.status_code == 409
    done = await writer.request("DELETE", url, json={"message": "Drop", "sha": sha})
    assert (done.status_code, done.json()["content"]) == (200, None)
    assert problems_of(done) == []
    assert (await writer.get(url)).status_code == 404
    again = await writer.delete(url, params={"message": "Drop", "sha": sha})
    assert again.status_code == 404


async def test_a_deletion_needs_a_message_and_a_sha(sim: Simulated) -> None:
    answer = await sim.as_("writer").delete(f"{CONTENTS}/README.md", params={"message": "x"})
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        'Invalid request.\n\n"sha" wasn\'t supplied.',
    )


async def test_authors_and_dates_can_be_given(sim: Simulated) -> None:
    body = {
        "message": "By another",
        "content": "",
        "author": {"name": "Ada", "email": "ada@example.com", "date": "2024-02-03T04:05:06Z"},
        "committer": {"name": "Bo", "email": "bo@example.com"},
    }
    answer = await sim.as_("writer").put(f"{CONTENTS}/empty", json=body)
    commit = answer.json()["commit"]
    assert commit["author"] == {
        "name": "Ada",
        "email": "ada@example.com",
        "date": "2024-02-03T04:05:06Z",
    }
    assert commit["committer"]["name"] == "Bo"


@pytest.mark.parametrize(
    "change",
    [
        {"content": "no base64!"},
        {"author": {"name": "Ada"}},
        {"author": {"name": "A\nb", "email": "a@b"}},
        {"author": {"name": "A", "email": "a@b", "date": "yesterday"}},
        {"committer": {"name": "<x>", "email": "a@b"}},
        {"message": "NUL \0"},
        {"message": 7},
        {"content": None},
    ],
)
async def test_bad_bodies_are_refused(sim: Simulated, change: dict[str, object]) -> None:
    before = head_of(sim)
    body = {"message": "x", "content": "eA=="} | change
    answer = await sim.as_("writer").put(f"{CONTENTS}/x", json=body)
    assert answer.status_code == 422
    assert problems_of(answer) == []
    assert head_of(sim) == before


@pytest.mark.parametrize("path", ["a//b", "a/%2e%2e/b", ".git/hooks/x", "lib", "README.md/x/"])
async def test_bad_paths_are_refused(sim: Simulated, path: str) -> None:
    before = head_of(sim)
    body = {"message": "x", "content": "eA=="}
    answer = await sim.as_("writer").put(f"{CONTENTS}/{path}", json=body)
    assert answer.status_code == 422
    assert head_of(sim) == before


async def test_a_branch_must_be_there(sim: Simulated) -> None:
    body = {"message": "x", "content": "eA==", "branch": "none"}
    answer = await sim.as_("writer").put(f"{CONTENTS}/x", json=body)
    assert (answer.status_code, answer.json()["message"]) == (404, "Branch none not found")


async def test_a_commit_goes_to_the_named_branch(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    main = head_of(sim)
    sha = await put_file(sim, "new.txt", "x", "topic")
    assert (head_of(sim, "topic"), head_of(sim)) == (sha, main)


async def test_workflows_need_their_own_permission(sim: Simulated) -> None:
    body = {"message": "x", "content": "eA=="}
    refused = await app_client(sim, contents="write").put(f"{CONTENTS}/{WORKFLOW}", json=body)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Resource not accessible by integration",
    )
    app = app_client(sim, contents="write", workflows="write")
    allowed = await app.put(f"{CONTENTS}/{WORKFLOW}", json=body)
    assert allowed.status_code == 201
    assert allowed.json()["commit"]["author"]["name"] == "otp-genesis[bot]"


async def test_readers_cannot_write(sim: Simulated) -> None:
    body = {"message": "x", "content": "eA=="}
    before = head_of(sim)
    for client in (sim.as_("reader"), sim.client()):
        answer = await client.put(f"{CONTENTS}/x", json=body)
        assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
    assert head_of(sim) == before
