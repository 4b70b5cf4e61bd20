"""Issues that commits and pull requests close."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.domain.issues.deletion import delete_issue
from bot.simulator.errors import ApiError
from bot.simulator.events import Event
from bot.simulator.identity.caller import Caller
from bot.simulator.options import Source
from bot.simulator.records.issues import Issue
from bot.simulator.seed import add_repository
from tests.simulator.rest.issues.stage import app_client, opened, proposed, told
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio


@pytest.fixture
def heard(sim: Simulated) -> list[Event]:
    events: list[Event] = []
    sim.world.hub.listeners.append(events.append)
    return events


def issue(sim: Simulated, number: int = 1) -> Issue:
    found = sim.world.tables.issues.one("number", (sim.repository.id, number))
    assert found is not None
    return found


async def commit(sim: Simulated, message: str, branch: str = "main") -> str:
    """The sha of a new commit on the branch, which is made if it is not there."""
    writer = sim.as_("writer")
    git = sim.world.git(sim.repository)
    if git.ref(f"refs/heads/{branch}") is None:
        start = {"ref": f"refs/heads/{branch}", "sha": git.ref("refs/heads/main")}
        await writer.post(f"{SHOP}/git/refs", json=start)
    body = {"message": message, "content": "aGk=", "branch": branch}
    path = f"{SHOP}/contents/{len(message)}-{branch}.txt"
    answer = await writer.put(path, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["commit"]["sha"])


async def test_a_commit_on_the_default_branch_closes(sim: Simulated, heard: list[Event]) -> None:
    await opened(sim.as_("reader"))
    heard.clear()
    sha = await commit(sim, "Repair\n\nFixes #1")
    assert issue(sim).state == "closed"
    assert issue(sim).state_reason == "completed"
    assert told(heard)[:2] == ["push None", "issues closed"]
    entries = (await sim.as_("writer").get(f"{SHOP}/issues/1/events")).json()
    assert [(e["event"], e["commit_id"]) for e in entries] == [("referenced", sha), ("closed", sha)]


async def test_a_commit_on_another_branch_is_only_noted(sim: Simulated, heard: list[Event]) -> None:
    await opened(sim.as_("reader"))
    heard.clear()
    sha = await commit(sim, "Fixes #1", "topic")
    assert issue(sim).state == "open"
    assert "issues closed" not in told(heard)
    [entry] = (await sim.as_("writer").get(f"{SHOP}/issues/1/events")).json()
    assert (entry["event"], entry["commit_id"]) == ("referenced", sha)


async def test_a_commit_is_noted_once_on_its_way_to_the_default_branch(sim: Simulated) -> None:
    await opened(sim.as_("reader"))
    sha = await commit(sim, "Fixes #1", "topic")
    body = {"sha": sha}
    answer = await sim.as_("writer").patch(f"{SHOP}/git/refs/heads/main", json=body)
    assert answer.status_code == 200, answer.text
    assert issue(sim).state == "closed"
    entries = (await sim.as_("writer").get(f"{SHOP}/issues/1/events")).json()
    assert [entry["event"] for entry in entries] == ["referenced", "closed"]


async def test_a_merge_closes_what_the_pull_request_says(
    sim: Simulated, heard: list[Event]
) -> None:
    await opened(sim.as_("reader"))
    await opened(sim.as_("reader"))
    await proposed(sim, body="Closes #1. Part of #2.")
    heard.clear()
    app = app_client(sim, pull_requests="write", contents="write")
    merged = await app.put(f"{SHOP}/pulls/3/merge", json={})
    assert merged.status_code == 200, merged.text
    assert (issue(sim, 1).state, issue(sim, 2).state) == ("closed", "open")
    assert issue(sim, 1).closed_by_id == sim.genesis.bot_id
    assert told(heard).count("issues closed") == 1
    assert told(heard).count("pull_request closed") == 1


async def test_a_merge_into_another_branch_closes_nothing_else(sim: Simulated) -> None:
    await opened(sim.as_("reader"))
    await commit(sim, "Base", "release")
    await proposed(sim, body="Closes #1", base="release")
    merged = await sim.as_("writer").put(f"{SHOP}/pulls/2/merge", json={})
    assert merged.status_code == 200, merged.text
    assert issue(sim).state == "open"


async def test_a_reason_for_closing_is_not_overwritten(sim: Simulated, heard: list[Event]) -> None:
    await opened(sim.as_("reader"))
    wanted = {"state": "closed", "state_reason": "not_planned"}
    await sim.as_("writer").patch(f"{SHOP}/issues/1", json=wanted)
    heard.clear()
    await commit(sim, "Closes #1")
    assert issue(sim).state_reason == "not_planned"
    assert "issues closed" not in told(heard)


async def test_pull_requests_and_what_is_not_there_are_not_closed(sim: Simulated) -> None:
    await proposed(sim)
    await commit(sim, "Closes #1, closes #99, closes nobody/nothing#1")
    assert issue(sim).state == "open"


async def test_another_repository_needs_the_right_to_close(sim: Simulated, shop: Any) -> None:
    now = sim.world.clock.now()
    near = await add_repository(sim.world, Source(path=shop, name="tools"), now)
    far = await add_repository(sim.world, Source(path=shop, name="vault"), now)
    for there in (near, far):
        await sim.as_("reader").post(f"/repos/acme/{there.name}/issues", json={"title": "x"})
    for member in sim.world.tables.collaborators.where("repository", far.id):
        sim.world.tables.collaborators.remove(member)
    await commit(sim, "Closes acme/tools#1, closes acme/vault#1")
    issues = sim.world.tables.issues
    [closed], [untouched] = issues.where("repository", near.id), issues.where("repository", far.id)
    assert (closed.state, untouched.state) == ("closed", "open")


async def test_a_deleted_issue_is_gone_with_all_that_hung_on_it(
    sim: Simulated, heard: list[Event]
) -> None:
    writer = sim.as_("writer")
    made = [await opened(writer, labels=["bug"]) for _ in range(3)]
    ids = [each["id"] for each in made]
    await writer.post(f"{SHOP}/issues/1/sub_issues", json={"sub_issue_id": ids[1]})
    await writer.post(f"{SHOP}/issues/2/sub_issues", json={"sub_issue_id": ids[2]})
    blocked = {"issue_id": ids[1]}
    await writer.post(f"{SHOP}/issues/3/dependencies/blocked_by", json=blocked)
    comment = (await writer.post(f"{SHOP}/issues/2/comments", json={"body": "See #1"})).json()
    await writer.post(f"{SHOP}/issues/comments/{comment['id']}/reactions", json={"content": "+1"})
    await writer.post(f"{SHOP}/issues/2/reactions", json={"content": "+1"})
    heard.clear()
    accounts = sim.world.tables.accounts
    mere = Caller(actor=accounts.one("login", "maintainer"))
    with pytest.raises(ApiError):
        delete_issue(sim.world, mere, sim.repository, issue(sim, 2))
    assert heard == []
    admin = Caller(actor=accounts.one("login", "admin"))
    delete_issue(sim.world, admin, sim.repository, issue(sim, 2))
    assert told(heard) == ["issues deleted"]
    answer = await writer.get(f"{SHOP}/issues/2")
    assert (answer.status_code, answer.json()["message"]) == (410, "This issue was deleted")
    assert (await writer.get(f"{SHOP}/issues/comments/{comment['id']}")).status_code == 404
    assert len(sim.world.tables.reactions) == 0
    parent = (await writer.get(f"{SHOP}/issues/1")).json()
    assert parent["sub_issues_summary"]["total"] == 0
    child = (await writer.get(f"{SHOP}/issues/3")).json()
    assert child["parent_issue_url"] is None
    assert child["issue_dependencies_summary"]["total_blocked_by"] == 0
    timeline = await writer.get(f"{SHOP}/issues/1/timeline")
    assert timeline.status_code == 200
    assert "cross-referenced" not in [entry["event"] for entry in timeline.json()]
    assert (await opened(writer))["number"] == 4


async def test_a_pull_request_cannot_be_deleted(sim: Simulated) -> None:
    await proposed(sim)
    admin = Caller(actor=sim.world.tables.accounts.one("login", "admin"))
    with pytest.raises(ApiError):
        delete_issue(sim.world, admin, sim.repository, issue(sim))
    assert issue(sim).state == "open"
