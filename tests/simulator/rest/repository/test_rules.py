"""Protected branches and rulesets, met by the API and by git."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.judges.checking import problems_of
from tests.simulator.rest.repository.support import (
    app_client,
    as_base64,
    head_of,
    heard_by,
    make_branch,
    put_file,
)
from tests.simulator.serving import Served, served
from tests.simulator.support import SHOP, Simulated, write_files

pytestmark = pytest.mark.anyio

PROTECTION: dict[str, Any] = {
    "required_status_checks": None,
    "enforce_admins": True,
    "required_pull_request_reviews": None,
    "restrictions": None,
}
BY_PULL_ONLY = PROTECTION | {
    "required_pull_request_reviews": {"required_approving_review_count": 1}
}
NEW_FILE = {"message": "x", "content": as_base64("x")}


async def protect(sim: Simulated, body: dict[str, Any], branch: str = "main") -> None:
    url = f"{SHOP}/branches/{branch}/protection"
    answer = await sim.as_("admin").put(url, json=body)
    assert answer.status_code == 200, answer.text


PULL_REQUEST = {
    "type": "pull_request",
    "parameters": {
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    },
}
UPDATE = {"type": "update", "parameters": {"update_allows_fetch_and_merge": False}}


async def rule(sim: Simulated, *rules: dict[str, Any]) -> None:
    body = {
        "name": "main",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": list(rules),
    }
    answer = await sim.as_("admin").post(f"{SHOP}/rulesets", json=body)
    assert answer.status_code == 201, answer.text


async def test_a_protected_branch_is_neither_forced_nor_deleted(sim: Simulated) -> None:
    await make_branch(sim, "stable")
    old = head_of(sim, "stable")
    new = await put_file(sim, "a.txt", "a", "stable")
    await protect(sim, PROTECTION, "stable")
    heard = heard_by(sim)
    place = f"{SHOP}/git/refs/heads/stable"
    for login in ("writer", "admin"):
        forced = await sim.as_(login).patch(place, json={"sha": old, "force": True})
        assert (forced.status_code, forced.json()["message"]) == (
            422,
            "Cannot force-push to this branch",
        )
        gone = await sim.as_(login).delete(place)
        assert (gone.status_code, gone.json()["message"]) == (422, "Cannot delete this branch")
    assert heard == []
    assert head_of(sim, "stable") == new
    await put_file(sim, "b.txt", "b", "stable")
    listed = await sim.as_("reader").get(f"{SHOP}/branches", params={"protected": True})
    assert [b["name"] for b in listed.json()] == ["stable"]
    assert problems_of(listed) == []
    assert problems_of(await sim.as_("reader").get(f"{SHOP}/branches/stable")) == []


async def test_where_a_pull_request_is_required(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    topic = await put_file(sim, "a.txt", "a", "topic")
    await protect(sim, BY_PULL_ONLY)
    main = head_of(sim)
    app = app_client(sim, contents="write")
    message = "Changes must be made through a pull request."
    written = await app.put(f"{SHOP}/contents/x", json=NEW_FILE)
    assert (written.status_code, written.json()["message"]) == (
        409,
        f"Could not create file: {message}",
    )
    moved = await app.patch(f"{SHOP}/git/refs/heads/main", json={"sha": topic})
    assert (moved.status_code, moved.json()["message"]) == (422, message)
    merged = await app.post(f"{SHOP}/merges", json={"base": "main", "head": "topic"})
    assert (merged.status_code, merged.json()["message"]) == (422, message)
    for answer in (written, moved, merged):
        assert problems_of(answer) == []
    assert head_of(sim) == main


async def test_a_ruleset_names_all_that_is_broken(sim: Simulated) -> None:
    await rule(sim, PULL_REQUEST, UPDATE)
    main = head_of(sim)
    answer = await sim.as_("writer").put(f"{SHOP}/contents/x", json=NEW_FILE)
    assert answer.status_code == 409
    assert "Repository rule violations found" in answer.json()["message"]
    assert "Changes must be made through a pull request." in answer.json()["message"]
    assert "Cannot update this protected ref." in answer.json()["message"]
    assert head_of(sim) == main


async def test_merge_commits_where_history_is_linear(sim: Simulated) -> None:
    await make_branch(sim, "topic")
    await put_file(sim, "a.txt", "a", "topic")
    await put_file(sim, "b.txt", "b")
    await protect(sim, PROTECTION | {"required_linear_history": True})
    main = head_of(sim)
    body = {"base": "main", "head": "topic"}
    answer = await sim.as_("writer").post(f"{SHOP}/merges", json=body)
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        "This branch must not contain merge commits.",
    )
    assert head_of(sim) == main


@pytest.fixture
async def live(sim: Simulated) -> AsyncIterator[Served]:
    async with served(sim) as running:
        yield running


async def test_git_hears_the_same_rules(live: Served, tmp_path: Path) -> None:
    sim = live.sim
    await protect(sim, BY_PULL_ONLY)
    token = sim.token_of("writer")
    clone = tmp_path / "clone"
    await live.git("clone", "-q", live.remote(), str(clone), cwd=tmp_path)
    write_files(clone, {"x": "x"})
    await live.git("add", "-A", cwd=clone)
    await live.git("commit", "-q", "-m", "x", cwd=clone)
    heard = heard_by(sim)
    done = await live.git("push", live.remote(), "main", "main:topic", cwd=clone, token=token)
    assert "remote: error: GH006: Protected branch update failed for refs/heads/main." in done.err
    assert "Changes must be made through a pull request." in done.err
    assert "[remote rejected] main -> main (protected branch hook declined)" in done.err
    assert "[new branch]      main -> topic" in done.err
    assert [(e.name, e.payload["ref"]) for e in heard] == [
        ("create", "topic"),
        ("push", "refs/heads/topic"),
    ]
    gone = await live.git("push", live.remote(), ":main", cwd=clone, token=token)
    assert gone.code != 0
    assert sim.world.git(sim.repository).ref("refs/heads/main") is not None


async def test_nobody_writes_the_refs_of_pull_requests(live: Served, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    await live.git("clone", "-q", live.remote(), str(clone), cwd=tmp_path)
    token = live.sim.token_of("admin")
    done = await live.git("push", live.remote(), "main:refs/pull/1/head", cwd=clone, token=token)
    assert "deny updating a hidden ref" in done.err
    assert live.sim.world.git(live.sim.repository).ref("refs/pull/1/head") is None
