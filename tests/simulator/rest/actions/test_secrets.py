"""Secrets: sealed, kept, used by runs, never shown."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PublicKey, SealedBox

from tests.simulator.actions.service.staging import Stage, staged, workflow
from tests.simulator.support import SHOP

pytestmark = pytest.mark.anyio

SECRETS = f"{SHOP}/actions/secrets"
SHOW = 'test "$S" = hush && echo "it is $S"'


async def sealed(stage: Stage, value: bytes = b"hush") -> dict[str, Any]:
    key = (await stage.sim.as_("writer").get(f"{SECRETS}/public-key")).json()
    box = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(value)
    return {"encrypted_value": base64.b64encode(box).decode(), "key_id": key["key_id"]}


async def test_a_secret_reaches_runs_and_nobody_else(tmp_path: Path) -> None:
    text = workflow("workflow_dispatch", SHOW, job="env: {S: '${{ secrets.KEY }}'}")
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        writer = stage.sim.as_("writer")
        body = await sealed(stage)
        assert (await writer.put(f"{SECRETS}/key", json=body)).status_code == 201
        assert (await writer.put(f"{SECRETS}/KEY", json=body)).status_code == 204
        shown = await writer.get(f"{SECRETS}/KEY")
        assert set(shown.json()) == {"name", "created_at", "updated_at"}
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "success"
        assert "it is ***" in stage.log(run)
        assert "hush\n" not in stage.log(run)
        assert (await writer.delete(f"{SECRETS}/KEY")).status_code == 204
        assert (await writer.get(f"{SECRETS}/KEY")).status_code == 404


@pytest.mark.parametrize(
    ("name", "changes", "status"),
    [
        ("1ST", {}, 422),
        ("GITHUB_X", {}, 422),
        ("KEY", {"key_id": "1"}, 422),
        ("KEY", {"encrypted_value": "not base64!"}, 422),
        ("KEY", {"encrypted_value": "A" * 200_000}, 422),
        ("KEY", {"encrypted_value": 7}, 422),
        ("KEY", {"encrypted_value": ""}, 422),
        ("KEY", {"encrypted_value": "A" * 80}, 422),
    ],
)
async def test_wrong_secrets_are_refused(
    tmp_path: Path, name: str, changes: dict[str, Any], status: int
) -> None:
    async with staged(tmp_path, {}) as stage:
        body = await sealed(stage) | changes
        answer = await stage.sim.as_("writer").put(f"{SECRETS}/{name}", json=body)
        assert answer.status_code == status
        assert len(stage.sim.world.tables.secrets) == 0


async def test_a_secret_has_48_kb(tmp_path: Path) -> None:
    async with staged(tmp_path, {}) as stage:
        writer = stage.sim.as_("writer")
        for size, status in ((48 * 1024, 201), (48 * 1024 + 1, 422)):
            body = await sealed(stage, b"x" * size)
            assert (await writer.put(f"{SECRETS}/KEY_{size}", json=body)).status_code == status


async def test_who_may_not_write_sees_no_secrets(tmp_path: Path) -> None:
    async with staged(tmp_path, {}) as stage:
        body = await sealed(stage)
        for login in ("reader", "outsider"):
            client = stage.sim.as_(login)
            assert (await client.get(SECRETS)).status_code == 403
            assert (await client.put(f"{SECRETS}/KEY", json=body)).status_code == 403
