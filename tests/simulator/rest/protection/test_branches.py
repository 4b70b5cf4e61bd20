"""Classic branch protection over REST, and what it does to pushes and merges."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.simulator.domain.repositories.protections import push_policy
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, caller_of, commit, propose
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

MAIN = f"{SHOP}/branches/main/protection"
NOTHING: dict[str, Any] = {
    "required_status_checks": None,
    "enforce_admins": None,
    "required_pull_request_reviews": None,
    "restrictions": None,
}


async def protect(sim: Simulated, **wanted: Any) -> dict[str, Any]:
    answer = await sim.as_("admin").put(MAIN, json=NOTHING | wanted)
    assert answer.status_code == 200, answer.text
    assert problems_of(answer) == []
    found: dict[str, Any] = answer.json()
    return found


async def test_protection_is_put_read_and_taken_away(sim: Simulated) -> None:
    admin = sim.as_("admin")
    heard = Heard(sim)
    bare = await admin.get(MAIN)
    assert (bare.status_code, bare.json()["message"]) == (404, "Branch not protected")
    put = await protect(
        sim,
        required_status_checks={
            "strict": True,
            "contexts": ["mix"],
            "checks": [{"context": "credo", "app_id": sim.genesis.id}],
        },
        enforce_admins=True,
        required_pull_request_reviews={"required_approving_review_count": 2},
        restrictions={"users": ["maintainer"], "teams": [], "apps": ["otp-genesis"]},
        required_linear_history=True,
    )
    assert put["required_status_checks"]["contexts"] == ["mix", "credo"]
    assert put["required_status_checks"]["checks"][1]["app_id"] == sim.genesis.id
    assert put["required_pull_request_reviews"]["required_approving_review_count"] == 2
    assert [user["login"] for user in put["restrictions"]["users"]] == ["maintainer"]
    got = await admin.get(MAIN)
    assert problems_of(got) == []
    assert got.json() == put
    branch = (await sim.as_("reader").get(f"{SHOP}/branches/main")).json()
    assert branch["protected"] is True
    assert branch["protection"]["required_status_checks"]["contexts"] == ["mix", "credo"]
    assert (await admin.delete(MAIN)).status_code == 204
    assert (await admin.get(MAIN)).status_code == 404
    kinds = ("created", "deleted")
    assert heard.kinds() == [f"branch_protection_rule/{kind}" for kind in kinds]
    for kind in kinds:
        rule = heard.payload("branch_protection_rule", kind)["rule"]
        assert rule["required_status_checks"] == ["mix", "credo"]
    assert (await admin.get(f"{SHOP}/branches/main")).json()["protected"] is False


async def test_only_administrators_protect(sim: Simulated) -> None:
    for login in ("maintainer", "reader", "outsider"):
        assert (await sim.as_(login).put(MAIN, json=NOTHING)).status_code == 403
        assert (await sim.as_(login).get(MAIN)).status_code == 403
    assert len(sim.world.tables.protections) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"required_status_checks": {"contexts": []}},
        {"required_pull_request_reviews": {"required_approving_review_count": 7}},
        {"restrictions": {"users": ["nobody-of-this-name"], "teams": []}},
        {"enforce_admins": "yes"},
    ],
)
async def test_bad_protection_is_refused(sim: Simulated, wrong: dict[str, Any]) -> None:
    body = NOTHING | wrong if wrong else {"enforce_admins": True}
    answer = await sim.as_("admin").put(MAIN, json=body)
    assert answer.status_code == 422
    assert problems_of(answer) == []
    assert len(sim.world.tables.protections) == 0


async def test_the_parts_have_addresses_of_their_own(sim: Simulated) -> None:
    admin = sim.as_("admin")
    await protect(sim, required_status_checks={"strict": False, "contexts": ["a"]})
    checks = f"{MAIN}/required_status_checks"
    reviews = f"{MAIN}/required_pull_request_reviews"
    heard = Heard(sim)

    async def judged(answer: httpx.Response) -> Any:
        assert answer.status_code < 300, answer.text
        assert problems_of(answer) == []
        return answer.json() if answer.content else None

    patched = await judged(await admin.patch(checks, json={"strict": True}))
    assert (patched["strict"], patched["contexts"]) == (True, ["a"])
    assert await judged(await admin.get(checks)) == patched
    assert heard.payload("branch_protection_rule", "edited")["changes"] == {}
    added = await judged(await admin.post(f"{checks}/contexts", json={"contexts": ["b", "a"]}))
    assert added == ["a", "b"]
    assert await judged(await admin.get(f"{checks}/contexts")) == ["a", "b"]
    changes = heard.payload("branch_protection_rule", "edited")["changes"]
    assert changes == {"required_status_checks": {"from": ["a"]}}
    gone = await admin.request("DELETE", f"{checks}/contexts", json={"contexts": ["a"]})
    assert await judged(gone) == ["b"]
    assert await judged(await admin.put(f"{checks}/contexts", json={"contexts": ["c"]})) == ["c"]
    # Older clients send the list alone.
    assert (await admin.put(f"{checks}/contexts", json=["d"])).json() == ["d"]
    await judged(await admin.delete(checks))
    assert (await admin.get(checks)).status_code == 404
    assert (await admin.get(reviews)).status_code == 404
    made = await judged(await admin.patch(reviews, json={"dismiss_stale_reviews": True}))
    assert made["required_approving_review_count"] == 1
    await judged(await admin.get(reviews))
    await judged(await admin.delete(reviews))
    assert (await judged(await admin.post(f"{MAIN}/enforce_admins")))["enabled"] is True
    assert (await judged(await admin.get(f"{MAIN}/enforce_admins")))["enabled"] is True
    await judged(await admin.delete(f"{MAIN}/enforce_admins"))
    assert (await judged(await admin.get(f"{MAIN}/enforce_admins")))["enabled"] is False
    assert (await judged(await admin.get(f"{MAIN}/required_signatures")))["enabled"] is False


async def test_a_branch_with_slashes_is_protected(sim: Simulated) -> None:
    await commit(sim, "release/1.0", {"a": "1"})
    path = f"{SHOP}/branches/release/1.0/protection"
    assert (await sim.as_("admin").put(path, json=NOTHING)).status_code == 200
    assert (await sim.as_("admin").get(path)).status_code == 200
    missing = await sim.as_("admin").put(f"{SHOP}/branches/none/protection", json=NOTHING)
    assert missing.status_code == 404


async def test_what_binds_who_pushes(sim: Simulated) -> None:
    await protect(
        sim,
        required_status_checks={"strict": False, "contexts": ["mix"]},
        required_pull_request_reviews={},
        restrictions={"users": ["maintainer"], "teams": []},
    )
    tip = sim.world.git(sim.repository).ref("refs/heads/main") or ""

    def rule(login: str) -> Any:
        (found,) = push_policy(sim.world, caller_of(sim, login), sim.repository).rules
        assert found.covers("refs/heads/main")
        assert not found.covers("refs/heads/main2")
        return found

    writer, maintainer, admin = rule("writer"), rule("maintainer"), rule("admin")
    assert writer.blocks_update
    assert not maintainer.blocks_update
    assert maintainer.requires_pull_request
    assert list(maintainer.expected_checks(tip)) == ["mix"]
    assert maintainer.blocks_force
    assert maintainer.blocks_deletion
    assert (admin.blocks_update, admin.requires_pull_request) == (False, False)
    assert list(admin.expected_checks(tip)) == []
    assert admin.blocks_force
    await protect(sim, enforce_admins=True, required_pull_request_reviews={})
    assert rule("admin").requires_pull_request


async def test_reviews_and_checks_stand_before_a_merge(sim: Simulated) -> None:
    await protect(
        sim,
        required_status_checks={"strict": False, "contexts": ["mix"]},
        required_pull_request_reviews={"required_approving_review_count": 1},
        required_conversation_resolution=True,
    )
    pull = await propose(sim)
    writer, maintainer = sim.as_("writer"), sim.as_("maintainer")
    assert pull["mergeable_state"] == "blocked"
    refused = await writer.put(f"{SHOP}/pulls/1/merge", json={})
    assert refused.status_code == 405
    assert problems_of(refused) == []
    message = refused.json()["message"]
    assert "At least 1 approving review is required by reviewers with write access." in message
    assert 'Required status check "mix" is expected.' in message
    # A reader's approval does not count.
    await sim.as_("reader").post(f"{SHOP}/pulls/1/reviews", json={"event": "APPROVE"})
    assert (await writer.get(f"{SHOP}/pulls/1")).json()["mergeable_state"] == "blocked"
    remark = {"path": "lib/new.ex", "line": 1, "body": "Doc?"}
    await maintainer.post(
        f"{SHOP}/pulls/1/reviews", json={"event": "APPROVE", "comments": [remark]}
    )
    status = {"state": "success", "context": "mix"}
    sha = pull["head"]["sha"]
    assert (await writer.post(f"{SHOP}/statuses/{sha}", json=status)).status_code == 201
    message = (await writer.put(f"{SHOP}/pulls/1/merge", json={})).json()["message"]
    assert message == "A conversation must be resolved before this pull request can be merged."
    (thread,) = sim.world.tables.threads
    thread.resolved = True
    sim.world.tables.threads.save(thread)
    assert (await writer.get(f"{SHOP}/pulls/1")).json()["mergeable_state"] == "clean"
    assert (await writer.put(f"{SHOP}/pulls/1/merge", json={})).status_code == 200


async def test_an_administrator_merges_past_unless_included(sim: Simulated) -> None:
    await protect(sim, required_pull_request_reviews={}, enforce_admins=True)
    await propose(sim)
    admin = sim.as_("admin")
    assert (await admin.put(f"{SHOP}/pulls/1/merge", json={})).status_code == 405
    await admin.delete(f"{MAIN}/enforce_admins")
    assert (await admin.put(f"{SHOP}/pulls/1/merge", json={})).status_code == 200


async def test_requested_changes_and_a_stale_approval_block(sim: Simulated) -> None:
    await protect(
        sim,
        required_pull_request_reviews={
            "required_approving_review_count": 1,
            "dismiss_stale_reviews": True,
        },
    )
    await propose(sim)
    maintainer, writer = sim.as_("maintainer"), sim.as_("writer")
    reviews = f"{SHOP}/pulls/1/reviews"
    await maintainer.post(reviews, json={"event": "REQUEST_CHANGES", "body": "No."})
    message = (await writer.put(f"{SHOP}/pulls/1/merge", json={})).json()["message"]
    assert "Changes have been requested" in message
    await maintainer.post(reviews, json={"event": "APPROVE"})
    assert (await writer.get(f"{SHOP}/pulls/1")).json()["mergeable_state"] == "clean"
    await commit(sim, "feature", {"lib/more.ex": "1\n"})
    states = [review["state"] for review in (await writer.get(reviews)).json()]
    assert states == ["CHANGES_REQUESTED", "DISMISSED"]
    assert (await writer.put(f"{SHOP}/pulls/1/merge", json={})).status_code == 405


async def test_a_strict_branch_wants_the_head_up_to_date(sim: Simulated) -> None:
    await protect(sim, required_status_checks={"strict": True, "contexts": []})
    await propose(sim)
    writer = sim.as_("writer")
    assert (await writer.get(f"{SHOP}/pulls/1")).json()["mergeable_state"] == "clean"
    await commit(sim, "main", {"other": "1\n"})
    assert (await writer.get(f"{SHOP}/pulls/1")).json()["mergeable_state"] == "behind"
    assert (await writer.put(f"{SHOP}/pulls/1/merge", json={})).status_code == 405
    updated = await writer.put(f"{SHOP}/pulls/1/update-branch", json={})
    assert updated.status_code == 202, updated.text
    assert problems_of(updated) == []
    assert (await writer.get(f"{SHOP}/pulls/1")).json()["mergeable_state"] == "clean"
    assert (await writer.put(f"{SHOP}/pulls/1/merge", json={})).status_code == 200


async def test_a_linear_branch_takes_no_merge_commits(sim: Simulated) -> None:
    await protect(sim, required_linear_history=True)
    await propose(sim)
    writer = sim.as_("writer")
    refused = await writer.put(f"{SHOP}/pulls/1/merge", json={})
    assert refused.json()["message"] == "This branch must not contain merge commits."
    squashed = await writer.put(f"{SHOP}/pulls/1/merge", json={"merge_method": "squash"})
    assert squashed.status_code == 200


async def test_who_may_push_is_named_in_any_case(sim: Simulated) -> None:
    await protect(sim, restrictions={"users": ["Writer", "writer"], "teams": [], "apps": []})
    (rule,) = push_policy(sim.world, caller_of(sim, "writer"), sim.repository).rules
    assert not rule.blocks_update
    (rule,) = push_policy(sim.world, caller_of(sim, "maintainer"), sim.repository).rules
    assert rule.blocks_update
    (protection,) = sim.world.tables.protections
    assert protection.push_restrictions == {"users": ["writer"], "apps": []}


async def test_a_check_taken_away_leaves_no_app_behind(sim: Simulated) -> None:
    checks = [{"context": "mix", "app_id": sim.genesis.id}]
    await protect(sim, required_status_checks={"strict": False, "contexts": [], "checks": checks})
    contexts = f"{MAIN}/required_status_checks/contexts"
    admin = sim.as_("admin")
    for method in ("DELETE", "POST"):
        answer = await admin.request(method, contexts, json={"contexts": ["mix"]})
        assert answer.status_code == 200, answer.text
    shown = (await admin.get(f"{MAIN}/required_status_checks")).json()
    assert shown["checks"] == [{"context": "mix", "app_id": None}]
