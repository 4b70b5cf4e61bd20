"""Variables, secrets' names, and the settings of Actions."""

from __future__ import annotations

import pytest

from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

VARIABLES = f"{SHOP}/actions/variables"


async def test_a_variable_from_its_making_to_its_end(sim: Simulated) -> None:
    writer = sim.as_("writer")
    made = await writer.post(VARIABLES, json={"name": "mix_env", "value": "test"})
    assert made.status_code == 201
    shown = (await writer.get(f"{VARIABLES}/MIX_ENV")).json()
    assert (shown["name"], shown["value"]) == ("MIX_ENV", "test")
    changed = await writer.patch(f"{VARIABLES}/mix_env", json={"value": "prod"})
    assert changed.status_code == 204
    listed = (await writer.get(VARIABLES)).json()
    assert (listed["total_count"], listed["variables"][0]["value"]) == (1, "prod")
    assert (await writer.delete(f"{VARIABLES}/MIX_ENV")).status_code == 204
    assert (await writer.get(f"{VARIABLES}/MIX_ENV")).status_code == 404


@pytest.mark.parametrize("name", ["1ST", "GITHUB_TOKEN", "with space", "", "ÄÖ", "A" * 256])
async def test_a_bad_name_is_refused(sim: Simulated, name: str) -> None:
    answer = await sim.as_("writer").post(VARIABLES, json={"name": name, "value": "x"})
    assert answer.status_code == 422
    assert len(sim.world.tables.variables) == 0


async def test_too_much_is_refused(sim: Simulated) -> None:
    body = {"name": "BIG", "value": "x" * (48 * 1024 + 1)}
    assert (await sim.as_("writer").post(VARIABLES, json=body)).status_code == 422


async def test_a_name_is_taken_once(sim: Simulated) -> None:
    writer = sim.as_("writer")
    for name, status in (("A", 201), ("a", 409), ("B", 201)):
        made = await writer.post(VARIABLES, json={"name": name, "value": "x"})
        assert made.status_code == status
    assert (await writer.patch(f"{VARIABLES}/B", json={"name": "A"})).status_code == 409
    assert (await writer.patch(f"{VARIABLES}/B", json={"name": "C"})).status_code == 204


@pytest.mark.parametrize("login", ["reader", "triager", "outsider"])
async def test_readers_see_neither_variables_nor_secrets(sim: Simulated, login: str) -> None:
    client = sim.as_(login)
    assert (await client.get(VARIABLES)).status_code == 403
    assert (await client.get(f"{SHOP}/actions/secrets")).status_code == 403
    made = await client.post(VARIABLES, json={"name": "A", "value": "x"})
    assert made.status_code == 403


async def test_an_app_needs_its_permission_though_the_repository_is_public(sim: Simulated) -> None:
    minted = await sim.as_app().post(f"/app/installations/{sim.installation.id}/access_tokens")
    app = sim.client(minted.json()["token"])
    assert (await app.get(f"{SHOP}/actions/runs")).status_code == 200
    assert (await app.get(VARIABLES)).status_code == 403


async def test_only_administrators_set_what_workflows_may_do(sim: Simulated) -> None:
    path = f"{SHOP}/actions/permissions/workflow"
    body = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    assert (await sim.as_("writer").put(path, json=body)).status_code == 403
    admin = sim.as_("admin")
    assert (await admin.get(path)).json()["default_workflow_permissions"] == "read"
    assert (await admin.put(path, json=body)).status_code == 204
    assert (await admin.get(path)).json() == body


async def test_actions_can_be_turned_off(sim: Simulated) -> None:
    path = f"{SHOP}/actions/permissions"
    admin = sim.as_("admin")
    assert (await admin.put(path, json={"enabled": False})).status_code == 204
    assert (await admin.get(path)).json()["enabled"] is False
    refused = await admin.put(path, json={"enabled": True, "allowed_actions": "selected"})
    assert refused.status_code == 422


async def test_what_is_not_there_is_not_found(sim: Simulated) -> None:
    reader = sim.as_("reader")
    for path in (
        "runs/1",
        "jobs/1",
        "artifacts/1",
        "workflows/1",
        "workflows/none.yml",
        "runs/1/jobs",
        "runs/1/attempts/1",
        f"runs/{10**30}",
    ):
        answer = await reader.get(f"{SHOP}/actions/{path}")
        assert (path, answer.status_code) == (path, 404)
