"""Merging pull requests, and what moved branches do to them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.simulator.records.repositories import Repository
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, as_genesis, commit, move, propose
from tests.simulator.support import SHOP, Simulated
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio

PULL = f"{SHOP}/pulls/1"
MERGE = f"{PULL}/merge"


async def shown(sim: Simulated) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.as_("writer").get(PULL)).json()
    return found


async def test_a_merge_commit(sim: Simulated) -> None:
    pull = await propose(sim)
    heard = Heard(sim)
    writer = sim.as_("writer")
    assert (await writer.get(MERGE)).status_code == 404
    merged = await writer.put(MERGE)
    assert merged.status_code == 200, merged.text
    assert problems_of(merged) == []
    git = sim.world.git(sim.repository)
    tip = await git.commit(git.ref("refs/heads/main") or "")
    assert merged.json()["sha"] == tip.sha
    assert tip.parents == (pull["base"]["sha"], pull["head"]["sha"])
    assert tip.message == "Merge pull request #1 from acme/feature\n\nAdd feature\n"
    assert (tip.author.name, tip.committer.name) == ("Writer", "GitHub")
    assert heard.kinds("push", "pull_request") == ["push", "pull_request/closed"]
    told = heard.payload("pull_request", "closed")["pull_request"]
    assert (told["merged"], told["merge_commit_sha"]) == (True, tip.sha)
    assert told["merged_by"]["login"] == "writer"
    assert (await writer.get(MERGE)).status_code == 204
    again = await writer.put(MERGE, json={})
    assert (again.status_code, again.json()["message"]) == (405, "Pull Request is not mergeable")
    assert problems_of(again) == []
    events = [e["event"] for e in (await writer.get(f"{SHOP}/issues/1/timeline")).json()]
    assert events[-2:] == ["merged", "closed"]


async def test_a_squash(sim: Simulated) -> None:
    await commit(sim, "feature", {"a": "1\n"}, message="First\n\nWith a body.")
    await propose(sim, files={"b": "1\n"})
    merged = await sim.as_("maintainer").put(MERGE, json={"merge_method": "squash"})
    assert merged.status_code == 200, merged.text
    git = sim.world.git(sim.repository)
    tip = await git.commit(merged.json()["sha"])
    assert len(tip.parents) == 1
    assert tip.message.startswith("Add feature (#1)\n\n* First\n\nWith a body.\n\n* Change\n")
    assert (tip.author.name, tip.committer.name) == ("Writer", "GitHub")
    assert [entry.path for entry in await git.tree(tip.tree)] == ["README.md", "a", "b", "lib"]
    assert (await shown(sim))["merge_commit_sha"] == tip.sha


async def test_a_squash_of_one_commit_has_its_message(sim: Simulated) -> None:
    await propose(sim)
    body = {"merge_method": "squash", "commit_message": "Because."}
    merged = await sim.as_("writer").put(MERGE, json=body)
    tip = await sim.world.git(sim.repository).commit(merged.json()["sha"])
    assert tip.message == "Change (#1)\n\nBecause.\n"


async def test_a_rebase(sim: Simulated) -> None:
    await commit(sim, "feature", {"a": "1\n"}, message="One")
    await propose(sim, files={"b": "1\n"})
    main = await commit(sim, "main", {"c": "1\n"})
    merged = await sim.as_("maintainer").put(MERGE, json={"merge_method": "rebase"})
    assert merged.status_code == 200, merged.text
    git = sim.world.git(sim.repository)
    commits = await git.commits_between(main, merged.json()["sha"])
    assert [c.message for c in commits] == ["One\n", "Change\n"]
    assert commits[0].parents == (main,)
    assert {c.author.name for c in commits} == {"Writer"}
    assert {c.committer.name for c in commits} == {"Maintainer"}


@pytest.mark.parametrize(
    ("method", "setting", "message"),
    [
        ("merge", "allow_merge_commit", "Merge commits are not allowed on this repository."),
        ("squash", "allow_squash_merge", "Squash merges are not allowed on this repository."),
        ("rebase", "allow_rebase_merge", "Rebase merges are not allowed on this repository."),
    ],
)
async def test_a_way_of_merging_can_be_off(
    sim: Simulated, method: str, setting: str, message: str
) -> None:
    await propose(sim)
    setattr(sim.repository, setting, False)
    answer = await sim.as_("writer").put(MERGE, json={"merge_method": method})
    assert (answer.status_code, answer.json()["message"]) == (405, message)
    assert not (await shown(sim))["merged"]


async def test_only_the_head_that_was_looked_at_is_merged(sim: Simulated) -> None:
    first = (await propose(sim))["head"]["sha"]
    second = await commit(sim, "feature", {"more": "1\n"})
    writer = sim.as_("writer")
    answer = await writer.put(MERGE, json={"sha": first})
    assert answer.status_code == 409
    assert problems_of(answer) == []
    assert answer.json()["message"] == ("Head branch was modified. Review and try the merge again.")
    assert (await writer.put(MERGE, json={"sha": second})).status_code == 200


async def test_conflicts_are_not_merged(sim: Simulated) -> None:
    pull = await propose(sim, files={"README.md": "ours\n"})
    assert pull["mergeable"] is True
    await commit(sim, "main", {"README.md": "theirs\n"})
    conflicting = await shown(sim)
    assert (conflicting["mergeable"], conflicting["mergeable_state"]) == (False, "dirty")
    answer = await sim.as_("writer").put(MERGE, json={})
    assert (answer.status_code, answer.json()["message"]) == (405, "Pull Request is not mergeable")
    await commit(sim, "main", {"README.md": "# Shop\n"})
    assert (await shown(sim))["mergeable_state"] == "clean"


async def test_who_may_merge(sim: Simulated) -> None:
    await propose(sim)
    assert (await sim.client().put(MERGE, json={})).status_code == 401
    for login in ("outsider", "reader", "triager"):
        assert (await sim.as_(login).put(MERGE, json={})).status_code == 403
    assert (await sim.as_("writer").put(MERGE, json={})).status_code == 200


async def test_a_merge_into_the_default_branch_closes_issues(sim: Simulated) -> None:
    reader = sim.as_("reader")
    for title in ("One", "Two", "Three"):
        await reader.post(f"{SHOP}/issues", json={"title": title})
    await propose(sim, body="Closes #1, fixes acme/shop#2 and speaks of #3.")
    heard = Heard(sim)
    merged = await sim.as_("writer").put(f"{SHOP}/pulls/4/merge", json={})
    assert merged.status_code == 200
    states = [(await reader.get(f"{SHOP}/issues/{n}")).json()["state"] for n in (1, 2, 3)]
    assert states == ["closed", "closed", "open"]
    assert heard.kinds("pull_request", "issues") == [
        "pull_request/closed",
        "issues/closed",
        "issues/closed",
    ]


async def test_a_merge_elsewhere_closes_nothing(sim: Simulated) -> None:
    await commit(sim, "stable", {"s": "1\n"})
    await sim.as_("reader").post(f"{SHOP}/issues", json={"title": "One"})
    await propose(sim, base="stable", body="Closes #1")
    assert (await sim.as_("writer").put(f"{SHOP}/pulls/2/merge", json={})).status_code == 200
    issue = (await sim.as_("reader").get(f"{SHOP}/issues/1")).json()
    assert issue["state"] == "open"


async def test_merged_branches_are_deleted_where_the_repository_says_so(sim: Simulated) -> None:
    sim.repository.delete_branch_on_merge = True
    await propose(sim)
    heard = Heard(sim)
    await sim.as_("writer").put(MERGE, json={})
    git = sim.world.git(sim.repository)
    assert git.ref("refs/heads/feature") is None
    assert git.ref("refs/pull/1/head") is not None
    assert heard.kinds("pull_request", "delete") == ["pull_request/closed", "delete"]
    assert (await shown(sim))["merged"] is True


async def test_a_rebase_of_what_is_there_already_merges_nothing(sim: Simulated) -> None:
    await propose(sim, files={"same": "1\n"})
    main = await commit(sim, "main", {"same": "1\n"}, message="Also")
    answer = await sim.as_("writer").put(MERGE, json={"merge_method": "rebase"})
    assert (answer.status_code, answer.json()["message"]) == (405, "Pull Request is not mergeable")
    assert sim.world.git(sim.repository).ref("refs/heads/main") == main
    assert (await shown(sim))["state"] == "open"


async def test_of_merges_at_once_one_succeeds(sim: Simulated) -> None:
    await propose(sim)
    heard = Heard(sim)
    writer = sim.as_("writer")
    answers = await asyncio.gather(*(writer.put(MERGE, json={}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 405, 405, 405]
    assert heard.kinds("pull_request") == ["pull_request/closed"]


async def test_a_push_synchronizes(sim: Simulated) -> None:
    first = (await propose(sim))["head"]["sha"]
    heard = Heard(sim)
    second = await commit(sim, "feature", {"more": "1\n"})
    assert heard.kinds("push", "pull_request") == ["push", "pull_request/synchronize"]
    told = heard.payload("pull_request", "synchronize")
    assert (told["before"], told["after"]) == (first, second)
    assert told["pull_request"]["head"]["sha"] == second
    assert told["pull_request"]["commits"] == 2
    git = sim.world.git(sim.repository)
    assert git.ref("refs/pull/1/head") == second
    assert (await git.commit(git.ref("refs/pull/1/merge") or "")).parents[1] == second
    await commit(sim, "feature", {"other": "1\n"}, start="main")
    assert (await shown(sim))["commits"] == 1
    events = [e["event"] for e in (await sim.as_("writer").get(f"{SHOP}/issues/1/timeline")).json()]
    assert "head_ref_force_pushed" in events


async def test_a_push_of_the_base_asks_anew_whether_it_merges(sim: Simulated) -> None:
    await propose(sim)
    heard = Heard(sim)
    await commit(sim, "main", {"c": "1\n"})
    assert heard.kinds("pull_request") == []
    (pull,) = sim.world.tables.pulls
    assert pull.mergeable is None
    assert (await shown(sim))["mergeable"] is True


async def test_a_push_can_merge(sim: Simulated) -> None:
    head = (await propose(sim))["head"]["sha"]
    heard = Heard(sim)
    await move(sim, "main", head, login="maintainer")
    merged = await shown(sim)
    assert (merged["merged"], merged["merge_commit_sha"]) == (True, head)
    assert merged["merged_by"]["login"] == "maintainer"
    assert heard.kinds("pull_request") == ["pull_request/closed"]


async def test_a_deleted_head_closes_and_a_deleted_base_too(sim: Simulated) -> None:
    await commit(sim, "stable", {"s": "1\n"})
    await propose(sim)
    await propose(sim, "other", {"o": "1\n"}, base="stable")
    heard = Heard(sim)
    await move(sim, "feature", None)
    await move(sim, "stable", None)
    assert heard.kinds("pull_request") == ["pull_request/closed"] * 2
    for number in (1, 2):
        pull = (await sim.as_("writer").get(f"{SHOP}/pulls/{number}")).json()
        assert (pull["state"], pull["merged"]) == ("closed", False)
    assert len((await sim.as_("writer").get(f"{PULL}/files")).json()) == 1


async def test_a_head_that_brings_nothing_any_more_closes(sim: Simulated) -> None:
    await propose(sim)
    heard = Heard(sim)
    base = sim.world.git(sim.repository).ref("refs/heads/main")
    await move(sim, "feature", base)
    assert heard.kinds("pull_request") == ["pull_request/synchronize", "pull_request/closed"]
    assert (await shown(sim))["merged"] is False


async def test_a_branch_is_brought_up_to_date(sim: Simulated) -> None:
    head = (await propose(sim))["head"]["sha"]
    main = await commit(sim, "main", {"c": "1\n"})
    heard = Heard(sim)
    writer = sim.as_("writer")
    wrong = await writer.put(f"{PULL}/update-branch", json={"expected_head_sha": main})
    assert wrong.status_code == 422
    assert problems_of(wrong) == []
    done = await writer.put(f"{PULL}/update-branch", json={"expected_head_sha": head})
    assert done.status_code == 202
    assert problems_of(done) == []
    updated = await shown(sim)
    git = sim.world.git(sim.repository)
    tip = await git.commit(updated["head"]["sha"])
    assert tip.parents == (head, main)
    assert tip.message == "Merge branch 'main' into feature\n"
    assert heard.kinds("pull_request") == ["pull_request/synchronize"]
    assert updated["changed_files"] == 1
    again = await writer.put(f"{PULL}/update-branch", json={})
    assert again.status_code == 422
    assert (await sim.as_("reader").put(f"{PULL}/update-branch", json={})).status_code == 403


async def test_a_branch_in_conflict_is_not_updated(sim: Simulated) -> None:
    await propose(sim, files={"README.md": "ours\n"})
    await commit(sim, "main", {"README.md": "theirs\n"})
    answer = await sim.as_("writer").put(f"{PULL}/update-branch", json={})
    assert answer.status_code == 422
    assert answer.json()["errors"] if "errors" in answer.json() else answer.json()["message"]


async def fork(sim: Simulated) -> Repository:
    """The outsider's."""
    made = await sim.as_("outsider").post(f"{SHOP}/forks", json={})
    assert made.status_code == 202, made.text
    found = sim.world.repository_named("outsider", "shop")
    assert found is not None
    return found


async def test_a_fork_proposes_moves_and_is_merged(sim: Simulated) -> None:
    theirs = await fork(sim)
    first = await commit(sim, "idea", {"idea": "1\n"}, login="outsider", repository=theirs)
    outsider = sim.as_("outsider")
    heard = Heard(sim)
    body = {"title": "Idea", "head": "outsider:idea", "base": "main"}
    made = await outsider.post(f"{SHOP}/pulls", json=body)
    assert made.status_code == 201, made.text
    assert problems_of(made) == []
    pull = made.json()
    assert pull["head"]["label"] == "outsider:idea"
    assert pull["head"]["repo"]["full_name"] == "outsider/shop"
    assert pull["maintainer_can_modify"] is True
    assert sim.world.git(sim.repository).ref("refs/pull/1/head") == first
    second = await commit(sim, "idea", {"idea": "2\n"}, login="outsider", repository=theirs)
    await eventually(lambda: heard.payloads("pull_request", "synchronize"), "it follows its head")
    told = heard.payload("pull_request", "synchronize")
    assert told["repository"]["full_name"] == "acme/shop"
    assert told["after"] == second
    # Checks name no pull requests of forks.
    status = {"state": "success", "context": "mix"}
    assert (
        await sim.as_("writer").post(f"{SHOP}/statuses/{second}", json=status)
    ).status_code == 201
    listed = (await outsider.get(f"{SHOP}/pulls?head=outsider:idea")).json()
    assert [each["number"] for each in listed] == [1]
    merged = await sim.as_("writer").put(MERGE, json={})
    assert merged.status_code == 200, merged.text
    tip = await sim.world.git(sim.repository).commit(merged.json()["sha"])
    assert tip.message.startswith("Merge pull request #1 from outsider/idea\n")


async def test_a_fork_takes_its_pull_requests_with_it(sim: Simulated) -> None:
    theirs = await fork(sim)
    await commit(sim, "idea", {"idea": "1\n"}, login="outsider", repository=theirs)
    body = {"title": "Idea", "head": "outsider:idea", "base": "main"}
    await sim.as_("outsider").post(f"{SHOP}/pulls", json=body)
    gone = await sim.as_("outsider").delete("/repos/outsider/shop")
    assert gone.status_code == 204, gone.text
    pull = await shown(sim)
    assert pull["head"]["repo"] is None
    assert pull["head"]["label"] == "outsider:idea"
    assert len((await sim.as_("reader").get(f"{PULL}/files")).json()) == 1
    assert (await sim.as_("reader").get(f"{SHOP}/pulls")).status_code == 200


async def test_maintainers_update_a_fork_that_lets_them(sim: Simulated) -> None:
    theirs = await fork(sim)
    await commit(sim, "idea", {"idea": "1\n"}, login="outsider", repository=theirs)
    body = {"title": "Idea", "head": "outsider:idea", "base": "main"}
    await sim.as_("outsider").post(f"{SHOP}/pulls", json=body)
    main = await commit(sim, "main", {"c": "1\n"})
    writer, outsider = sim.as_("writer"), sim.as_("outsider")
    path = f"{PULL}/update-branch"
    await outsider.patch(PULL, json={"maintainer_can_modify": False})
    assert (await writer.put(path, json={})).status_code == 403
    await outsider.patch(PULL, json={"maintainer_can_modify": True})
    assert (await writer.put(path, json={})).status_code == 202
    git = sim.world.git(theirs)
    tip = await git.commit(git.ref("refs/heads/idea") or "")
    assert tip.parents[1] == main
    (pull,) = sim.world.tables.pulls
    await eventually(lambda: pull.head_sha == tip.sha, "the pull request follows its head")
    assert (await shown(sim))["head"]["sha"] == tip.sha


async def test_an_app_needs_its_permissions(sim: Simulated) -> None:
    await commit(sim, "feature", {"a": "1\n"})
    body = {"title": "Add", "head": "feature", "base": "main"}
    reading = as_genesis(sim, contents="write", pull_requests="read")
    refused = await reading.post(f"{SHOP}/pulls", json=body)
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"
    able = as_genesis(sim, contents="read", pull_requests="write")
    made = await able.post(f"{SHOP}/pulls", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["user"]["login"] == "otp-genesis[bot]"
    review = {"event": "COMMENT", "body": "Hm"}
    assert (await reading.post(f"{PULL}/reviews", json=review)).status_code == 403
    assert (await able.post(f"{PULL}/reviews", json=review)).status_code == 200
    assert (await able.put(MERGE, json={})).status_code == 403
    assert (await reading.put(MERGE, json={})).status_code == 200
