"""Attestations of runs, and checks that are asked for anew."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.simulator.actions.service.staging import staged, workflow
from tests.simulator.support import SHOP
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio

DIGEST = "sha256:87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"
MAY = "permissions: {id-token: write, attestations: write}\n"


async def test_an_attestation_is_found_by_its_subject(tmp_path: Path) -> None:
    text = workflow("workflow_dispatch", "echo a > a", extra=MAY) + (
        "      - {uses: actions/attest-build-provenance@v2, with: {subject-path: a}}\n"
    )
    async with staged(tmp_path, {"ci.yml": text}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        assert run.latest.conclusion == "success", stage.log(run)
        reader = stage.sim.as_("reader")
        found = (await reader.get(f"{SHOP}/attestations/{DIGEST}")).json()["attestations"]
        envelope = found[0]["bundle"]["dsseEnvelope"]
        statement = json.loads(base64.b64decode(envelope["payload"]))
        assert statement["subject"][0]["name"] == "a"
        assert envelope["signatures"] == []
        invocation = statement["predicate"]["runDetails"]["metadata"]["invocationId"]
        assert invocation.endswith(f"/actions/runs/{run.id}/attempts/1")
        other = f"{SHOP}/attestations/{DIGEST[:-1]}0"
        assert (await reader.get(other)).status_code == 404
        assert (await reader.get(f"{SHOP}/attestations/x")).status_code == 422
        query = {"predicate_type": "https://spdx.dev/Document"}
        assert (await reader.get(f"{SHOP}/attestations/{DIGEST}", params=query)).status_code == 404


async def test_a_check_asked_for_anew_runs_its_job_again(tmp_path: Path) -> None:
    async with staged(tmp_path, {"ci.yml": workflow("workflow_dispatch")}) as stage:
        run = await stage.dispatch()
        await stage.ended()
        check = stage.jobs(run)["build"].check_run_id
        writer = stage.sim.as_("writer")
        asked = await writer.post(f"{SHOP}/check-runs/{check}/rerequest")
        assert asked.status_code == 201
        await eventually(lambda: len(run.attempts) == 2, "it runs again")
        await stage.ended()
        asked = await writer.post(f"{SHOP}/check-suites/{run.suite_id}/rerequest")
        assert asked.status_code == 201
        await eventually(lambda: len(run.attempts) == 3, "all of it runs again")
        await stage.ended()
        assert run.latest.conclusion == "success"
