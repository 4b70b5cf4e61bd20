"""Attestations by the digest of what they are about. They are statements, not signatures."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from starlette.responses import Response

from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.actions import Attestation
from bot.simulator.rest.replies import paginate
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here

router = router_for("actions")

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


@router.get("/repos/{owner}/{repo}/attestations/{subject_digest}")
async def list_attestations(here: AtRepository, subject_digest: str) -> Response:
    here.require("attestations", "read")
    if not DIGEST.fullmatch(subject_digest):
        raise ApiError(422, "Invalid subject digest: `sha256:` and 64 hex digits were expected")
    wanted = here.request.query_params.get("predicate_type", "")
    rows = [
        row
        for row in here.tables.attestations.where("repository", here.repository.id)
        if subject_digest in row.digests and wanted in ("", row.statement["predicateType"])
    ]
    if not rows:
        raise not_found()
    rows.sort(key=lambda row: row.id, reverse=True)
    return paginate(here.request, rows, lambda row: _view(here, row), envelope="attestations")


def _view(here: Here, row: Attestation) -> dict[str, Any]:
    """A bundle without signatures: there is nobody here who could sign."""
    payload = base64.b64encode(json.dumps(row.statement).encode()).decode()
    full_name = here.world.full_name(here.repository)
    return {
        "bundle": {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {},
            "dsseEnvelope": {
                "payload": payload,
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [],
            },
        },
        "repository_id": row.repository_id,
        "bundle_url": here.world.urls.page(full_name, "attestations", row.id),
    }
