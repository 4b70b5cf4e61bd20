"""Opening, listing, reading and editing pull requests over REST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.simulator.records.accounts import Token
from tests.simulator.graphql.asking import data, error
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, commit, move, propose
from tests.simulator.support import SHOP, Simulated, simulated

pytestmark = pytest.mark.anyio

PULLS = f"{SHOP}/pulls"


def refused(answer: httpx.Response, status: int = 422) -> dict[str, Any]:
    """The first error of a refusal, or its body where it has no list."""
    assert answer.status_code == status, answer.text
    assert problems_of(answer) == []
    body: dict[str, Any] = answer.json()
    errors = body.get("errors")
    return errors[0] if errors else body


async def test_a_pull_request_is_opened_and_read(sim: Simulated) -> None:
    heard = Heard(sim)
    pull = await propose(sim, body="Adds a module.")
    assert pull["number"] == 1
    assert (pull["mergeable"], pull["mergeable_state"]) == (True, "clean")
    assert (pull["commits"], pull["additions"], pull["changed_files"]) == (1, 2, 1)
    assert pull["head"]["label"] == "acme:feature"
    assert pull["base"]["ref"] == "main"
    writer = sim.as_("writer")
    got = await writer.get(f"{PULLS}/1")
    assert got.json() == pull
    assert problems_of(got) == []
    assert (await writer.get(f"{PULLS}/2")).status_code == 404
    assert (await writer.get(f"{PULLS}/x")).status_code == 404
    assert heard.kinds("pull_request") == ["pull_request/opened"]
    told = heard.payload("pull_request", "opened")
    assert told["number"] == 1
    assert told["pull_request"]["commits"] == 1
    git = sim.world.git(sim.repository)
    assert git.ref("refs/pull/1/head") == pull["head"]["sha"]
    assert git.ref("refs/pull/1/merge") == pull["merge_commit_sha"]
    trial = await git.commit(pull["merge_commit_sha"])
    assert trial.parents == (pull["base"]["sha"], pull["head"]["sha"])
    issue = await writer.get(f"{SHOP}/issues/1")
    assert issue.json()["pull_request"]["url"] == pull["url"]


async def test_issues_and_pull_requests_share_their_numbers(sim: Simulated) -> None:
    await sim.as_("reader").post(f"{SHOP}/issues", json={"title": "First"})
    assert (await propose(sim))["number"] == 2


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"head": "none"}, {"field": "head", "code": "invalid"}),
        ({"head": "nobody:feature"}, {"field": "head", "code": "invalid"}),
        ({"base": "none"}, {"field": "base", "code": "invalid"}),
        ({"head": "main"}, {"message": "No commits between main and main"}),
        ({"base": "feature"}, {"message": "No commits between feature and feature"}),
        ({"title": None}, {"field": "title", "code": "missing_field"}),
        ({"title": " "}, {"field": "title", "code": "missing_field"}),
        ({"title": "x" * 257}, {"field": "title"}),
        ({"body": "x" * 65_537}, {"field": "body"}),
        ({"title": None, "issue": 99}, {"field": "issue"}),
    ],
)
async def test_what_cannot_be_proposed(
    sim: Simulated, body: dict[str, Any], error: dict[str, Any]
) -> None:
    await commit(sim, "feature", {"a": "1"})
    heard = Heard(sim)
    wanted = {"title": "Add", "head": "feature", "base": "main"} | body
    said = refused(await sim.as_("writer").post(PULLS, json=wanted))
    assert error.items() <= said.items()
    assert (await sim.as_("writer").get(PULLS)).json() == []
    assert heard.kinds() == []


async def test_there_is_one_open_pull_request_from_a_branch_to_another(sim: Simulated) -> None:
    await propose(sim)
    writer = sim.as_("writer")
    again = {"title": "Again", "head": "acme:feature", "base": "main"}
    said = refused(await writer.post(PULLS, json=again))
    assert said["message"] == "A pull request already exists for acme:feature."
    await commit(sim, "stable", {"b": "1"})
    assert (await writer.post(PULLS, json=again | {"base": "stable"})).status_code == 201
    await writer.patch(f"{PULLS}/1", json={"state": "closed"})
    assert (await writer.post(PULLS, json=again)).status_code == 201


async def test_histories_must_have_something_in_common(sim: Simulated) -> None:
    git = sim.world.git(sim.repository)
    head = await git.commit(await git.resolve("main"))
    orphan = await git.write_commit(
        head.tree, [], author=head.author, committer=head.committer, message="Alone\n"
    )
    await move(sim, "orphan", orphan)
    body = {"title": "Alone", "head": "orphan", "base": "main"}
    said = refused(await sim.as_("writer").post(PULLS, json=body))
    assert said["message"] == "The orphan branch has no history in common with main"


async def test_an_issue_becomes_a_pull_request(sim: Simulated) -> None:
    await sim.as_("reader").post(f"{SHOP}/issues", json={"title": "Wish", "body": "Please."})
    await commit(sim, "feature", {"a": "1"})
    body = {"issue": 1, "head": "feature", "base": "main"}
    made = await sim.as_("writer").post(PULLS, json=body)
    assert made.status_code == 201, made.text
    assert (made.json()["number"], made.json()["title"]) == (1, "Wish")
    assert made.json()["user"]["login"] == "reader"


async def test_who_may_propose(sim: Simulated) -> None:
    await commit(sim, "feature", {"a": "1"})
    body = {"title": "Add", "head": "feature", "base": "main"}
    assert (await sim.client().post(PULLS, json=body)).status_code == 401
    for login in ("reader", "outsider"):
        assert refused(await sim.as_(login).post(PULLS, json=body))["message"] == (
            "must be a collaborator"
        )
    assert len(sim.world.tables.pulls) == 0


async def test_a_list_is_filtered_and_sorted(sim: Simulated) -> None:
    for name in ("one", "two", "three"):
        await propose(sim, name, {f"{name}.ex": "1\n"})
    writer = sim.as_("writer")
    await writer.patch(f"{PULLS}/2", json={"state": "closed"})
    await writer.post(f"{SHOP}/issues/1/comments", json={"body": "x"})

    async def numbers(query: str) -> list[int]:
        answer = await writer.get(f"{PULLS}?{query}")
        assert answer.status_code == 200
        assert problems_of(answer) == []
        return [pull["number"] for pull in answer.json()]

    assert await numbers("") == [3, 1]
    assert await numbers("state=closed") == [2]
    assert await numbers("state=all") == [3, 2, 1]
    assert await numbers("state=all&direction=asc") == [1, 2, 3]
    assert await numbers("state=all&sort=popularity&direction=desc") == [1, 3, 2]
    assert await numbers("state=all&sort=created&direction=desc") == [3, 2, 1]
    assert await numbers("head=acme:one") == [1]
    assert await numbers("head=other:one") == []
    assert await numbers("base=main") == [3, 1]
    assert await numbers("base=stable") == []
    assert await numbers("per_page=1&page=2") == [1]


async def test_files_commits_diff_and_patch(sim: Simulated) -> None:
    await commit(sim, "feature", {"lib/new.ex": "one\n"}, message="Add new")
    await propose(sim, files={"README.md": None, "lib/new.ex": "one\ntwo\n"})
    writer = sim.as_("writer")
    files = await writer.get(f"{PULLS}/1/files")
    assert problems_of(files) == []
    assert [(f["filename"], f["status"], f["additions"]) for f in files.json()] == [
        ("README.md", "removed", 0),
        ("lib/new.ex", "added", 2),
    ]
    commits = await writer.get(f"{PULLS}/1/commits")
    assert problems_of(commits) == []
    assert [c["commit"]["message"] for c in commits.json()] == ["Add new", "Change"]
    diff = await writer.get(f"{PULLS}/1", headers={"accept": "application/vnd.github.diff"})
    assert problems_of(diff) == []
    assert diff.text.startswith("diff --git a/README.md b/README.md\n")
    assert "+two" in diff.text
    patch = await writer.get(f"{PULLS}/1", headers={"accept": "application/vnd.github.v3.patch"})
    assert problems_of(patch) == []
    assert patch.text.count("Subject: [PATCH") == 2


async def test_what_a_merged_pull_request_brought_stays_to_be_seen(sim: Simulated) -> None:
    await propose(sim)
    writer = sim.as_("writer")
    before = (await writer.get(f"{PULLS}/1/files")).json()
    assert (await writer.put(f"{PULLS}/1/merge", json={})).status_code == 200
    await commit(sim, "main", {"more": "1"})
    assert (await writer.get(f"{PULLS}/1/files")).json() == before
    assert len((await writer.get(f"{PULLS}/1/commits")).json()) == 1
    assert (await writer.get(f"{PULLS}/1")).json()["commits"] == 1


async def test_title_and_body_are_edited(sim: Simulated) -> None:
    await propose(sim, body="Old")
    heard = Heard(sim)
    writer = sim.as_("writer")
    edited = await writer.patch(f"{PULLS}/1", json={"title": "New", "body": "Better"})
    assert edited.status_code == 200, edited.text
    assert problems_of(edited) == []
    assert (edited.json()["title"], edited.json()["body"]) == ("New", "Better")
    changes = heard.payload("pull_request", "edited")["changes"]
    assert changes == {"title": {"from": "Add feature"}, "body": {"from": "Old"}}
    await writer.patch(f"{PULLS}/1", json={"title": "New", "body": "Better"})
    assert heard.kinds() == ["pull_request/edited"]
    assert (await writer.patch(f"{PULLS}/1", json={"body": None})).json()["body"] is None
    assert refused(await writer.patch(f"{PULLS}/1", json={"title": ""}))["field"] == "title"
    assert (await sim.as_("reader").patch(f"{PULLS}/1", json={"title": "!"})).status_code == 403
    assert (await writer.get(f"{PULLS}/1")).json()["title"] == "New"


async def test_a_pull_request_is_closed_and_reopened(sim: Simulated) -> None:
    await propose(sim)
    heard = Heard(sim)
    writer = sim.as_("writer")
    closed = await writer.patch(f"{PULLS}/1", json={"state": "closed"})
    assert problems_of(closed) == []
    assert (closed.json()["state"], closed.json()["merged"]) == ("closed", False)
    assert closed.json()["mergeable_state"] == "unknown"
    # The new commits count once it is open again.
    sha = await commit(sim, "feature", {"more": "1"})
    opened = await writer.patch(f"{PULLS}/1", json={"state": "open"})
    assert opened.status_code == 200, opened.text
    assert (opened.json()["state"], opened.json()["head"]["sha"]) == ("open", sha)
    assert opened.json()["commits"] == 2
    assert heard.kinds("pull_request") == ["pull_request/closed", "pull_request/reopened"]
    heard.payload("pull_request", "reopened")
    assert sim.world.git(sim.repository).ref("refs/pull/1/head") == sha


async def closed_one(sim: Simulated) -> httpx.AsyncClient:
    await propose(sim)
    writer = sim.as_("writer")
    assert (await writer.patch(f"{PULLS}/1", json={"state": "closed"})).status_code == 200
    return writer


async def test_a_pull_request_without_its_branch_stays_closed(sim: Simulated) -> None:
    writer = await closed_one(sim)
    await move(sim, "feature", None)
    said = refused(await writer.patch(f"{PULLS}/1", json={"state": "open"}))
    assert said["message"] == "state cannot be changed. The feature branch has been deleted."


async def test_a_pull_request_whose_branch_was_rewritten_stays_closed(sim: Simulated) -> None:
    writer = await closed_one(sim)
    await commit(sim, "feature", {"other": "1"}, start="main")
    said = refused(await writer.patch(f"{PULLS}/1", json={"state": "open"}))
    assert said["message"].endswith("The feature branch was force-pushed or recreated.")


async def test_a_pull_request_with_a_successor_stays_closed(sim: Simulated) -> None:
    writer = await closed_one(sim)
    body = {"title": "Again", "head": "feature", "base": "main"}
    assert (await writer.post(PULLS, json=body)).status_code == 201
    said = refused(await writer.patch(f"{PULLS}/1", json={"state": "open"}))
    assert said["message"].endswith("A pull request already exists for acme:feature.")


async def test_a_merged_pull_request_is_not_reopened(sim: Simulated) -> None:
    await propose(sim)
    writer = sim.as_("writer")
    await writer.put(f"{PULLS}/1/merge", json={})
    said = refused(await writer.patch(f"{PULLS}/1", json={"state": "open"}))
    assert said["message"].startswith("state cannot be changed.")


async def test_a_pull_request_gets_another_base(sim: Simulated) -> None:
    stable = await commit(sim, "stable", {"stable.ex": "1\n"})
    await propose(sim)
    heard = Heard(sim)
    writer = sim.as_("writer")
    moved = await writer.patch(f"{PULLS}/1", json={"base": "stable"})
    assert moved.status_code == 200, moved.text
    assert (moved.json()["base"]["ref"], moved.json()["base"]["sha"]) == ("stable", stable)
    changes = heard.payload("pull_request", "edited")["changes"]
    assert changes["base"]["ref"] == {"from": "main"}
    assert refused(await writer.patch(f"{PULLS}/1", json={"base": "none"}))["field"] == "base"
    await writer.patch(f"{PULLS}/1", json={"state": "closed"})
    said = refused(await writer.patch(f"{PULLS}/1", json={"base": "main"}))
    assert said["message"] == "Cannot change the base branch of a closed pull request."


async def test_reviewers_are_asked_and_unasked(sim: Simulated) -> None:
    await propose(sim)
    heard = Heard(sim)
    writer = sim.as_("writer")
    path = f"{PULLS}/1/requested_reviewers"
    asked = await writer.post(path, json={"reviewers": ["reader", "maintainer"]})
    assert asked.status_code == 201, asked.text
    assert problems_of(asked) == []
    listed = await writer.get(path)
    assert problems_of(listed) == []
    assert [user["login"] for user in listed.json()["users"]] == ["reader", "maintainer"]
    await writer.post(path, json={"reviewers": ["reader"]})
    assert heard.kinds() == ["pull_request/review_requested"] * 2
    assert heard.payload("pull_request", "review_requested")["requested_reviewer"]["login"] == (
        "maintainer"
    )
    gone = await writer.request("DELETE", path, json={"reviewers": ["reader", "nobody"]})
    assert problems_of(gone) == []
    assert [user["login"] for user in gone.json()["requested_reviewers"]] == ["maintainer"]
    heard.payload("pull_request", "review_request_removed")
    said = refused(await writer.post(path, json={"reviewers": ["writer"]}))
    assert said["message"] == "Review cannot be requested from pull request author."
    said = refused(await writer.post(path, json={"reviewers": ["triager", "outsider"]}))
    assert "not a collaborator of the acme/shop repository" in said["message"]
    assert [user["login"] for user in (await writer.get(path)).json()["users"]] == ["maintainer"]
    timeline = (await writer.get(f"{SHOP}/issues/1/timeline")).json()
    (first, *_) = [e for e in timeline if e["event"] == "review_requested"]
    assert first["requested_reviewer"]["login"] == "reader"


async def test_workflows_open_pull_requests_only_where_they_may(sim: Simulated) -> None:
    await commit(sim, "feature", {"a": "1"})
    tables = sim.world.tables
    actions = tables.apps.one("slug", "github-actions")
    assert actions is not None
    (installation,) = tables.installations.where("app", actions.id)
    token = Token(
        id=tables.next_id(),
        kind="actions",
        value="ghs_actions",
        account_id=actions.bot_id,
        installation_id=installation.id,
        permissions={"contents": "write", "pull_requests": "write"},
        repository_ids=[sim.repository.id],
        created_at=sim.world.clock.now(),
    )
    tables.tokens.add(token)
    client = sim.client(token.value)
    body = {"title": "Add", "head": "feature", "base": "main"}
    said = refused(await client.post(PULLS, json=body), 403)
    assert said["message"] == (
        "GitHub Actions is not permitted to create or approve pull requests."
    )
    sim.repository.workflows_approve_pulls = True
    assert (await client.post(PULLS, json=body)).status_code == 201
    sim.repository.workflows_approve_pulls = False
    await propose(sim, "other", {"b": "1"})
    answer = await client.post(f"{PULLS}/2/reviews", json={"event": "APPROVE"})
    assert answer.status_code == 403
    answer = await client.post(f"{PULLS}/2/reviews", json={"event": "COMMENT", "body": "Hm"})
    assert answer.status_code == 200


async def test_an_organization_reviews_nothing(sim: Simulated) -> None:
    await propose(sim)
    path = f"{SHOP}/pulls/1/requested_reviewers"
    refused(await sim.as_("writer").post(path, json={"reviewers": ["acme"]}))
    (pull,) = sim.world.tables.pulls
    assert pull.requested_reviewer_ids == []


async def test_private_repositories_of_a_free_plan_have_no_drafts(
    tmp_path: Path, shop: Path
) -> None:
    said = "Draft pull requests are not supported in this repository."
    async with simulated(tmp_path / "state", shop, free_plan=True) as sim:
        await commit(sim, "feature", {"lib/new.ex": "# New\n"})
        body = {"title": "T", "head": "feature", "base": "main", "draft": True}
        writer = sim.as_("writer")
        sim.repository.private = True
        answer = await writer.post(PULLS, json=body)
        assert refused(answer)["message"] == said
        assert (await writer.get(f"{PULLS}?state=all")).json() == []
        pull = await writer.post(PULLS, json=body | {"draft": False})
        assert (pull.status_code, pull.json()["draft"]) == (201, False)
        convert = """mutation ($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id})
            { clientMutationId } }"""
        told = await error(sim, convert, id=pull.json()["node_id"])
        assert (told["type"], told["message"]) == ("UNPROCESSABLE", said)
        # Public ones have them.
        sim.repository.private = False
        await data(sim, convert, id=pull.json()["node_id"])
        assert (await writer.get(f"{PULLS}/1")).json()["draft"] is True
