"""Bad input to pull requests, reviews, checks, rules and GraphQL is refused, and nothing breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.simulator.git import TreeEdit
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import as_genesis, commit, main_of, move, propose
from tests.simulator.support import BASE, SHOP, Simulated

pytestmark = pytest.mark.anyio

ODD = ["\x00", "\ud800", "../../etc", "a\nb", "-x", "x" * 100_000, "${{ x }}", "☃", "%2e%2e"]


@pytest.mark.parametrize("odd", ODD)
async def test_odd_texts(sim: Simulated, odd: str) -> None:
    await propose(sim)
    sha = main_of(sim)
    app = as_genesis(sim)
    writer = sim.as_("writer")
    remark = {"path": odd, "line": 1, "body": odd}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/pulls", {"title": odd, "head": odd, "base": odd}),
        ("POST", "/pulls", {"title": odd, "head": f"{odd}:{odd}", "base": "main"}),
        ("PATCH", "/pulls/1", {"base": odd}),
        ("PATCH", "/pulls/1", {"title": odd, "body": odd}),
        ("POST", "/pulls/1/reviews", {"event": "COMMENT", "body": odd, "comments": [remark]}),
        ("POST", "/pulls/1/reviews", {"event": "COMMENT", "body": odd, "commit_id": odd}),
        ("POST", "/pulls/1/comments", remark | {"commit_id": odd}),
        ("POST", "/pulls/1/requested_reviewers", {"reviewers": [odd]}),
        ("PUT", "/pulls/1/update-branch", {"expected_head_sha": odd}),
        ("POST", f"/statuses/{sha}", {"state": "success", "context": odd, "description": odd}),
        ("POST", "/rulesets", {"name": odd, "enforcement": "active"}),
        (
            "POST",
            "/rulesets",
            {
                "name": "x",
                "enforcement": "active",
                "rules": [{"type": "workflows", "parameters": {odd: odd}}],
            },
        ),
        ("PUT", "/pulls/1/merge", {"sha": odd}),
        ("PUT", "/pulls/1/merge", {"commit_title": odd, "commit_message": odd}),
    ]
    for method, path, body in calls:
        client = sim.as_("admin") if path == "/rulesets" else writer
        answer = await client.request(method, SHOP + path, content=_json(body))
        assert answer.status_code < 500, (path, body, answer.text)
        if answer.status_code >= 400:
            assert problems_of(answer) == []
    run = {"name": odd, "head_sha": sha, "external_id": odd, "details_url": odd}
    answer = await app.post(f"{SHOP}/check-runs", content=_json(run))
    assert answer.status_code < 500, answer.text
    for path in (f"/commits/{odd}/check-runs", f"/commits/{odd}/status", f"/rules/branches/{odd}"):
        if odd.isprintable() and len(odd) < 1000:
            assert (await writer.get(SHOP + path)).status_code < 500
    assert (await writer.get(f"{SHOP}/pulls/1")).status_code == 200


def _json(body: dict[str, Any]) -> bytes:
    """With halves of characters as escapes, as a client could send them."""
    return json.dumps(body).encode()


@pytest.mark.parametrize("odd", ODD)
async def test_odd_texts_in_graphql(sim: Simulated, odd: str) -> None:
    query = """query ($x: String!, $id: ID!) { repository(owner: $x, name: $x) { id } node(id: $id)
        { id } }"""
    refs = """mutation ($id: ID!, $x: GitRefname!, $o: GitObjectID!) { updateRefs(input: {
        repositoryId: $id, refUpdates: [{name: $x, afterOid: $o}]}) { clientMutationId } }"""
    id = (await sim.as_("writer").get(SHOP)).json()["node_id"]
    for body in (
        {"query": query, "variables": {"x": odd, "id": odd}},
        {"query": refs, "variables": {"id": id, "x": odd, "o": odd}},
        {"query": refs, "variables": {"id": id, "x": f"refs/heads/{odd}", "o": main_of(sim)}},
        {"query": odd},
        {"query": "{ viewer { login } }", "operationName": odd},
        {"query": query, "variables": {odd: odd}},
    ):
        answer = await sim.as_("writer").post(f"{BASE}/api/graphql", content=_json(body))
        assert answer.status_code < 500, answer.text
        assert "Something went wrong" not in answer.text


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999999", "1e3", "1%00", "٣"])
async def test_odd_numbers(sim: Simulated, number: str) -> None:
    await propose(sim)
    writer = sim.as_("writer")
    for path in (
        f"/pulls/{number}",
        f"/pulls/{number}/files",
        f"/pulls/1/reviews/{number}",
        f"/pulls/comments/{number}",
        f"/check-runs/{number}",
        f"/check-suites/{number}",
        f"/rulesets/{number}",
    ):
        assert (await writer.get(SHOP + path)).status_code == 404, path


async def test_an_app_without_the_permission_merges_no_workflows(sim: Simulated) -> None:
    await propose(sim, files={".github/workflows/ci.yml": "on: push\n"})
    app = as_genesis(sim, contents="write", pull_requests="write")
    answer = await app.put(f"{SHOP}/pulls/1/merge", json={})
    assert answer.status_code == 403
    await propose(sim, "other", {"a": "1\n"})
    assert (await app.put(f"{SHOP}/pulls/2/merge", json={})).status_code == 200
    able = as_genesis(sim, contents="write", pull_requests="write", workflows="write")
    assert (await able.put(f"{SHOP}/pulls/1/merge", json={})).status_code == 200


async def test_binary_and_huge_files_are_proposed(sim: Simulated) -> None:
    text = "".join(f"line {n}\n" for n in range(60_000))
    await commit(sim, "feature", {"huge.txt": text, "binary.bin": "\x00\x01" * 500})
    body = {"title": "Big", "head": "feature", "base": "main"}
    made = await sim.as_("writer").post(f"{SHOP}/pulls", json=body)
    assert made.status_code == 201, made.text
    files = (await sim.as_("writer").get(f"{SHOP}/pulls/1/files")).json()
    assert ["patch" in file for file in files] == [False, False]
    assert files[1]["additions"] == 60_000
    remark = {"path": "binary.bin", "position": 0, "body": "?"}
    review = {"event": "COMMENT", "comments": [remark]}
    answer = await sim.as_("writer").post(f"{SHOP}/pulls/1/reviews", json=review)
    assert answer.status_code == 422
    on_file = {
        "path": "binary.bin",
        "subject_type": "file",
        "body": "What is it?",
        "commit_id": made.json()["head"]["sha"],
    }
    answer = await sim.as_("writer").post(f"{SHOP}/pulls/1/comments", json=on_file)
    assert answer.status_code == 201, answer.text
    assert answer.json()["subject_type"] == "file"


async def test_workflows_are_found_behind_thousands_of_files(sim: Simulated) -> None:
    git = sim.world.git(sim.repository)
    main = main_of(sim)
    blob = await git.write_blob(b"on: push\n")
    names = [*(f"!{n}" for n in range(3001)), ".github/workflows/ci.yml"]
    edits = [TreeEdit(name, "100644", blob) for name in names]
    tree = await git.write_tree(edits, (await git.commit(main)).tree)
    person = (await git.commit(main)).author
    sha = await git.write_commit(tree, [main], author=person, committer=person, message="Much\n")
    await move(sim, "feature", sha)
    body = {"title": "Much", "head": "feature", "base": "main"}
    assert (await sim.as_("writer").post(f"{SHOP}/pulls", json=body)).status_code == 201
    app = as_genesis(sim, contents="write", pull_requests="write")
    assert (await app.put(f"{SHOP}/pulls/1/merge", json={})).status_code == 403
    ref = {"ref": "refs/heads/copy", "sha": sha}
    assert (await app.post(f"{SHOP}/git/refs", json=ref)).status_code == 403
    assert main_of(sim) == main
