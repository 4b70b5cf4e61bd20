"""Rulesets over REST, and what they do to pushes and merges."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.domain.repositories.protections import push_policy
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, caller_of, propose
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

RULESETS = f"{SHOP}/rulesets"
REVIEWED = {
    "type": "pull_request",
    "parameters": {
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    },
}
BODY: dict[str, Any] = {
    "name": "main",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
    "rules": [REVIEWED, {"type": "non_fast_forward"}],
}


async def make(sim: Simulated, **body: Any) -> dict[str, Any]:
    answer = await sim.as_("admin").post(RULESETS, json=BODY | body)
    assert answer.status_code == 201, answer.text
    assert problems_of(answer) == []
    found: dict[str, Any] = answer.json()
    return found


async def test_a_ruleset_is_made_listed_changed_and_deleted(sim: Simulated) -> None:
    admin = sim.as_("admin")
    heard = Heard(sim)
    made = await make(sim)
    path = f"{RULESETS}/{made['id']}"
    listed = await sim.as_("reader").get(RULESETS)
    assert problems_of(listed) == []
    assert "rules" not in listed.json()[0]
    got = await sim.as_("reader").get(path)
    assert problems_of(got) == []
    assert "bypass_actors" not in got.json()
    changed = await admin.put(path, json={"enforcement": "disabled"})
    assert problems_of(changed) == []
    assert changed.json()["enforcement"] == "disabled"
    assert changed.json()["rules"] == made["rules"]
    edited = heard.payload("repository_ruleset", "edited")
    assert edited["changes"] == {"enforcement": {"from": "active"}}
    assert (await admin.delete(path)).status_code == 204
    assert heard.kinds() == [f"repository_ruleset/{k}" for k in ("created", "edited", "deleted")]
    heard.payload("repository_ruleset", "created")
    heard.payload("repository_ruleset", "deleted")
    assert (await admin.get(path)).status_code == 404


async def test_the_rules_of_a_branch(sim: Simulated) -> None:
    await make(sim)
    await make(sim, name="off", enforcement="disabled")
    answer = await sim.as_("reader").get(f"{SHOP}/rules/branches/main")
    assert problems_of(answer) == []
    assert [rule["type"] for rule in answer.json()] == ["pull_request", "non_fast_forward"]
    assert (await sim.as_("reader").get(f"{SHOP}/rules/branches/a/b")).json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules": [{"type": "no_such_rule"}]},
        {"rules": [{"type": "pull_request", "parameters": {}}]},
        {"rules": [{"type": "required_status_checks"}]},
        {"conditions": {"ref_name": {"include": ["main"], "exclude": []}}},
        {"enforcement": "sometimes"},
        {"name": ""},
        {"bypass_actors": [{"actor_type": "Ghost"}]},
    ],
)
async def test_a_bad_ruleset_is_refused(sim: Simulated, wrong: dict[str, Any]) -> None:
    answer = await sim.as_("admin").post(RULESETS, json=BODY | wrong)
    assert answer.status_code == 422
    assert problems_of(answer) == []
    assert len(sim.world.tables.rulesets) == 0


async def test_a_refused_change_changes_nothing(sim: Simulated) -> None:
    made = await make(sim)
    await make(sim, name="other")
    path = f"{RULESETS}/{made['id']}"
    body = {"name": "other", "enforcement": "disabled"}
    assert (await sim.as_("admin").put(path, json=body)).status_code == 422
    assert (await sim.as_("admin").get(path)).json() == made
    assert (await sim.as_("writer").put(path, json={"name": "x"})).status_code == 403


async def test_what_binds_who_pushes(sim: Simulated) -> None:
    names = {"include": ["refs/heads/**"], "exclude": ["refs/heads/genesis/**"]}
    actors = [
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"},
        {"actor_id": 2, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"},
    ]
    rules = [REVIEWED, {"type": "deletion"}, {"type": "creation"}]
    await make(sim, conditions={"ref_name": names}, bypass_actors=actors, rules=rules)

    def refused(login: str, ref: str) -> bool:
        policy = push_policy(sim.world, caller_of(sim, login), sim.repository)
        return any(rule.covers(ref) and rule.requires_pull_request for rule in policy.rules)

    assert refused("writer", "refs/heads/main")
    assert refused("writer", "refs/heads/a/b")
    assert not refused("writer", "refs/heads/genesis/7/stage-1")
    assert not refused("writer", "refs/tags/v1")
    assert not refused("admin", "refs/heads/main")
    # They may merge pull requests past the rules, not push past them.
    assert refused("maintainer", "refs/heads/main")


async def test_rules_stand_before_a_merge(sim: Simulated) -> None:
    actors = [{"actor_id": 2, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"}]
    await make(sim, bypass_actors=actors)
    await propose(sim)
    refused = await sim.as_("writer").put(f"{SHOP}/pulls/1/merge", json={})
    assert refused.status_code == 405
    assert refused.json()["message"].startswith("Repository rule violations found\n\nAt least 1")
    merged = await sim.as_("maintainer").put(f"{SHOP}/pulls/1/merge", json={})
    assert merged.status_code == 200


async def test_checks_of_a_certain_app_and_ways_to_merge(sim: Simulated) -> None:
    check = {"context": "mix", "integration_id": sim.genesis.id}
    checks = {"required_status_checks": [check], "strict_required_status_checks_policy": False}
    only_squash = REVIEWED["parameters"] | {  # type: ignore[operator]  # it is a mapping
        "required_approving_review_count": 0,
        "allowed_merge_methods": ["squash"],
    }
    rules = [
        {"type": "required_status_checks", "parameters": checks},
        {"type": "pull_request", "parameters": only_squash},
    ]
    await make(sim, rules=rules)
    pull = await propose(sim)
    writer = sim.as_("writer")
    status = {"state": "success", "context": "mix"}
    await writer.post(f"{SHOP}/statuses/{pull['head']['sha']}", json=status)
    message = (await writer.put(f"{SHOP}/pulls/1/merge", json={})).json()["message"]
    assert 'Required status check "mix" is expected.' in message
    assert "This branch can't be merged by 'merge'." in message
