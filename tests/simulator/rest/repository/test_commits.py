"""Commits, comparisons, branches, tags and merges over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulator.judges.checking import problems_of
from tests.simulator.rest.repository.support import (
    as_base64,
    head_of,
    heard_by,
    make_branch,
    put_file,
)
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

DIFF, PATCH, SHA = (f"application/vnd.github.{name}" for name in ("diff", "patch", "sha"))


async def test_commits_are_listed_newest_first(sim: Simulated) -> None:
    shas = [await put_file(sim, f"{n}.txt", "x") for n in range(3)]
    answer = await sim.as_("reader").get(f"{SHOP}/commits", params={"per_page": 2})
    assert [c["sha"] for c in answer.json()] == [shas[2], shas[1]]
    assert answer.json()[0]["author"]["login"] == "writer"
    assert 'page=2>; rel="next"' in answer.headers["link"]
    assert 'page=2>; rel="last"' in answer.headers["link"]
    assert problems_of(answer) == []
    second = await sim.as_("reader").get(f"{SHOP}/commits", params={"per_page": 2, "page": 2})
    assert second.json()[0]["sha"] == shas[0]
    assert second.json()[1]["author"] is None


async def test_commits_can_be_narrowed_down(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    topic = await put_file(sim, "lib/new.ex", "x", "topic", "maintainer")
    main = await put_file(sim, "docs/a.md", "x")
    reader = sim.as_("reader")

    async def found(**params: str) -> list[str]:
        answer = await reader.get(f"{SHOP}/commits", params=params)
        return [commit["sha"] for commit in answer.json()]

    first = (await found(sha="main"))[-1]
    assert await found(sha="topic") == [topic, first]
    assert await found(path="docs") == [main]
    assert await found(author="writer") == [main]
    assert await found(committer="writer") == [main]
    assert await found(author="writer", committer="maintainer") == []
    assert await found(sha="topic", author="maintainer@simulator.test") == [topic]
    assert await found(path="none") == []
    later = (sim.world.clock.now() + timedelta(days=1)).isoformat()
    assert await found(since=later) == []
    assert len(await found(until=later)) == 2


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"sha": "none"}, 404),
        ({"sha": "--all"}, 404),
        ({"since": "yesterday"}, 422),
        ({"author": "--all"}, 200),
        ({"path": "--all"}, 200),
    ],
)
async def test_odd_filters(sim: Simulated, params: dict[str, str], status: int) -> None:
    answer = await sim.as_("reader").get(f"{SHOP}/commits", params=params)
    assert answer.status_code == status
    assert status != 200 or answer.json() == []


async def test_a_commit_is_shown_with_its_files(sim: Simulated) -> None:
    sha = await put_file(sim, "new.txt", "one\ntwo\n")
    reader = sim.as_("reader")
    answer = await reader.get(f"{SHOP}/commits/main")
    assert answer.json()["sha"] == sha
    assert answer.json()["stats"] == {"total": 2, "additions": 2, "deletions": 0}
    (file,) = answer.json()["files"]
    assert (file["filename"], file["status"]) == ("new.txt", "added")
    assert file["patch"] == "@@ -0,0 +1,2 @@\n+one\n+two"
    assert problems_of(answer) == []
    for name in (sha, sha[:8], "heads/main", "HEAD"):
        assert (await reader.get(f"{SHOP}/commits/{name}")).json()["sha"] == sha


async def test_the_first_commit_adds_everything(sim: Simulated) -> None:
    answer = await sim.as_("reader").get(f"{SHOP}/commits/main")
    assert {f["filename"] for f in answer.json()["files"]} == {"README.md", "lib/shop.ex"}


async def test_a_commit_comes_in_other_forms(sim: Simulated) -> None:
    sha = await put_file(sim, "new.txt", "one\n")
    for accept, start in ((DIFF, "diff --git "), (PATCH, f"From {sha}"), (SHA, sha)):
        answer = await sim.as_("reader").get(f"{SHOP}/commits/main", headers={"accept": accept})
        assert answer.text.startswith(start)
        assert problems_of(answer) == []


async def test_what_is_no_commit(sim: Simulated) -> None:
    for name in ("none", "0" * 40, "--all"):
        answer = await sim.as_("reader").get(f"{SHOP}/commits/{name}")
        assert answer.status_code == 422
        assert answer.json()["message"] == f"No commit found for SHA: {name}"


async def test_a_branch_ahead_is_compared(sim: Simulated) -> None:
    base = await make_branch(sim, "feature/one")
    first = await put_file(sim, "a.txt", "a\n", "feature/one")
    second = await put_file(sim, "b.txt", "b\n", "feature/one")
    reader = sim.as_("reader")
    answer = await reader.get(f"{SHOP}/compare/main...feature/one")
    body = answer.json()
    assert (body["status"], body["ahead_by"], body["behind_by"]) == ("ahead", 2, 0)
    assert [c["sha"] for c in body["commits"]] == [first, second]
    assert [f["filename"] for f in body["files"]] == ["a.txt", "b.txt"]
    assert body["merge_base_commit"]["sha"] == base
    assert problems_of(answer) == []
    back = (await reader.get(f"{SHOP}/compare/feature/one...main")).json()
    assert (back["status"], back["behind_by"], back["files"]) == ("behind", 2, [])
    same = (await reader.get(f"{SHOP}/compare/main...main")).json()
    assert (same["status"], same["total_commits"]) == ("identical", 0)


async def test_two_and_three_dots_differ_once_both_moved(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    await put_file(sim, "a.txt", "a\n", "topic")
    await put_file(sim, "b.txt", "b\n")
    reader = sim.as_("reader")
    three = (await reader.get(f"{SHOP}/compare/main...topic")).json()
    assert (three["status"], [f["filename"] for f in three["files"]]) == ("diverged", ["a.txt"])
    two = (await reader.get(f"{SHOP}/compare/main..topic")).json()
    assert [(f["filename"], f["status"]) for f in two["files"]] == [
        ("a.txt", "added"),
        ("b.txt", "removed"),
    ]
    diff = await reader.get(f"{SHOP}/compare/main...topic", headers={"accept": DIFF})
    assert "a.txt" in diff.text
    assert "b.txt" not in diff.text
    patch = await reader.get(f"{SHOP}/compare/main...topic", headers={"accept": PATCH})
    assert patch.text.count("\nSubject: ") == 1


async def test_comparisons_come_in_pages(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    shas = [await put_file(sim, f"{n}.txt", "x", "topic") for n in range(3)]
    url = f"{SHOP}/compare/main...topic"
    answer = await sim.as_("reader").get(url, params={"per_page": 2, "page": 2})
    assert 'page=1>; rel="prev"' in answer.headers["link"]
    second = answer.json()
    assert [c["sha"] for c in second["commits"]] == shas[2:]
    assert (second["total_commits"], second["files"]) == (3, [])


@pytest.mark.parametrize("basehead", ["main...none", "none...main", "main", "...", "a:b...main"])
async def test_what_cannot_be_compared(sim: Simulated, basehead: str) -> None:
    assert (await sim.as_("reader").get(f"{SHOP}/compare/{basehead}")).status_code == 404


async def test_branches_are_listed(sim: Simulated) -> None:
    await make_branch(sim, "feature/one")
    reader = sim.as_("reader")
    answer = await reader.get(f"{SHOP}/branches")
    assert [b["name"] for b in answer.json()] == ["feature/one", "main"]
    assert [b["protected"] for b in answer.json()] == [False, False]
    assert problems_of(answer) == []
    assert (await reader.get(f"{SHOP}/branches", params={"protected": True})).json() == []
    one = await reader.get(f"{SHOP}/branches/feature/one")
    assert (one.json()["name"], one.json()["commit"]["sha"]) == ("feature/one", head_of(sim))
    assert problems_of(one) == []
    none = await reader.get(f"{SHOP}/branches/none")
    assert (none.status_code, none.json()["message"]) == (404, "Branch not found")


async def test_a_renamed_branch_takes_its_pull_requests_along(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    await put_file(sim, "a.txt", "a", "topic")
    admin = sim.as_("admin")
    pull = {"title": "Add a", "head": "topic", "base": "main"}
    await admin.post(f"{SHOP}/pulls", json=pull)
    heard = heard_by(sim)
    sha = head_of(sim)
    refused = await sim.as_("writer").post(
        f"{SHOP}/branches/main/rename", json={"new_name": "trunk"}
    )
    assert refused.status_code == 403
    answer = await admin.post(f"{SHOP}/branches/main/rename", json={"new_name": "trunk"})
    assert (answer.status_code, answer.json()["name"]) == (201, "trunk")
    assert problems_of(answer) == []
    assert (head_of(sim, "trunk"), sim.repository.default_branch) == (sha, "trunk")
    assert [e.name for e in heard] == ["create", "push", "push", "delete"]
    shown = (await admin.get(f"{SHOP}/pulls/1")).json()
    assert (shown["state"], shown["base"]["ref"]) == ("open", "trunk")


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [("none", "x", 404), ("topic", "a..b", 422), ("topic", "main", 422), ("topic", "", 422)],
)
async def test_odd_renames(sim: Simulated, old: str, new: str, status: int) -> None:
    await make_branch(sim, "topic")
    url = f"{SHOP}/branches/{old}/rename"
    answer = await sim.as_("writer").post(url, json={"new_name": new})
    assert answer.status_code == status
    assert set(sim.world.git(sim.repository).branches()) == {"main", "topic"}


async def test_branches_at_a_commit(sim: Simulated) -> None:
    sha = await make_branch(sim, "topic")
    await put_file(sim, "a.txt", "a")
    answer = await sim.as_("reader").get(f"{SHOP}/commits/{sha}/branches-where-head")
    assert [b["name"] for b in answer.json()] == ["topic"]
    assert problems_of(answer) == []


async def test_tags_are_listed_by_their_commits(sim: Simulated) -> None:
    writer = sim.as_("writer")
    body = {"tag": "v2", "message": "Two", "object": head_of(sim), "type": "commit"}
    tag = (await writer.post(f"{SHOP}/git/tags", json=body)).json()["sha"]
    for name, sha in (("v1", head_of(sim)), ("v2", tag)):
        await writer.post(f"{SHOP}/git/refs", json={"ref": f"refs/tags/{name}", "sha": sha})
    answer = await writer.get(f"{SHOP}/tags")
    assert [(t["name"], t["commit"]["sha"]) for t in answer.json()] == [
        ("v2", head_of(sim)),
        ("v1", head_of(sim)),
    ]
    assert problems_of(answer) == []


async def test_a_branch_is_merged_into_another(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    topic = await put_file(sim, "a.txt", "a", "topic")
    main = head_of(sim)
    writer = sim.as_("writer")
    heard = heard_by(sim)
    body = {"base": "main", "head": "topic"}
    answer = await writer.post(f"{SHOP}/merges", json=body)
    assert answer.status_code == 201
    assert [p["sha"] for p in answer.json()["parents"]] == [main, topic]
    assert answer.json()["commit"]["message"] == "Merge topic into main"
    assert problems_of(answer) == []
    assert head_of(sim) == answer.json()["sha"]
    assert [e.name for e in heard] == ["push"]
    assert [c["distinct"] for c in heard[0].payload["commits"]] == [False, True]
    assert (await writer.post(f"{SHOP}/merges", json=body)).status_code == 204


async def test_a_merge_with_conflicts_changes_nothing(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    await put_file(sim, "a.txt", "one", "topic")
    await put_file(sim, "a.txt", "two")
    main = head_of(sim)
    answer = await sim.as_("writer").post(f"{SHOP}/merges", json={"base": "main", "head": "topic"})
    assert (answer.status_code, answer.json()["message"]) == (409, "Merge conflict")
    assert head_of(sim) == main


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"base": "none", "head": "main"}, "Base does not exist"),
        ({"base": "main", "head": "none"}, "Head does not exist"),
    ],
)
async def test_merges_need_both_ends(sim: Simulated, body: dict[str, str], message: str) -> None:
    answer = await sim.as_("writer").post(f"{SHOP}/merges", json=body)
    assert (answer.status_code, answer.json()["message"]) == (404, message)


async def test_the_pulls_of_a_commit(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    sha = await put_file(sim, "a.txt", as_base64("a"), "topic")
    writer = sim.as_("writer")
    body = {"title": "Add a", "head": "topic", "base": "main"}
    assert (await writer.post(f"{SHOP}/pulls", json=body)).status_code == 201
    answer = await writer.get(f"{SHOP}/commits/{sha}/pulls")
    assert [p["title"] for p in answer.json()] == ["Add a"]
    assert problems_of(answer) == []
    assert (await writer.get(f"{SHOP}/commits/{head_of(sim)}/pulls")).json() == []
    merged = (await writer.put(f"{SHOP}/pulls/1/merge", json={})).json()["sha"]
    for brought in (sha, merged):
        found = (await writer.get(f"{SHOP}/commits/{brought}/pulls")).json()
        assert [p["number"] for p in found] == [1]


async def test_a_protected_branch_is_renamed_by_administrators_only(sim: Simulated) -> None:
    await make_branch(sim, "release")
    rules = {"enforcement": "active", "name": "Keep", "rules": [{"type": "deletion"}]}
    covered = {"ref_name": {"include": ["refs/heads/release"], "exclude": []}}
    admin = sim.as_("admin")
    made = await admin.post(f"{SHOP}/rulesets", json=rules | {"conditions": covered})
    assert made.status_code == 201, made.text
    url, wish = f"{SHOP}/branches/release/rename", {"new_name": "old"}
    assert (await sim.as_("writer").post(url, json=wish)).status_code == 403
    assert set(sim.world.git(sim.repository).branches()) == {"main", "release"}
    assert (await admin.post(url, json=wish)).status_code == 201


async def test_a_merge_message_that_git_takes_not(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    await put_file(sim, "a.txt", "a", "topic")
    body = {"base": "main", "head": "topic", "commit_message": "a\0b"}
    assert (await sim.as_("writer").post(f"{SHOP}/merges", json=body)).status_code == 422
