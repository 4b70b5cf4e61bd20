"""Judging by hand: what one response of any test, or one view, is worth.

    from tests.simulator.judges.checking import problems_of, problems_of_view, problems_of_payload
    assert problems_of(await sim.as_("writer").get(...)) == []
    assert problems_of_view("issue", issue_view(world, row)) == []
    assert problems_of_payload("issues", payload) == []

All are empty where the judges were not fetched: the conformance tests say so loudly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import httpx

from tests.simulator.judges import library
from tests.simulator.judges.exchanges import Exchange
from tests.simulator.judges.openapi import RestJudge
from tests.simulator.judges.operations import Description
from tests.simulator.judges.webhooks import WebhookJudge


@cache
def rest_judge() -> RestJudge:
    """Loaded once in a process."""
    return RestJudge(Description.load())


@cache
def webhook_judge() -> WebhookJudge:
    """Loaded once in a process."""
    return WebhookJudge.load()


def exchange_of(response: httpx.Response) -> Exchange:
    """What httpx saw."""
    request = response.request
    return Exchange(
        method=request.method,
        target=request.url.raw_path.decode("ascii"),
        status=response.status_code,
        request_headers=dict(request.headers),
        request_body=request.content,
        response_headers=dict(response.headers),
        response_body=response.content,
    )


def problems_of(response: httpx.Response) -> Sequence[str]:
    """What GitHub's description says against this exchange."""
    if library.missing():
        return []
    exchange = exchange_of(response).at_github()
    assert exchange is not None, f"{response.request.url} is not the API"
    return [*rest_judge().judge(exchange).errors]


def problems_of_view(schema: str, view: Any) -> Sequence[str]:
    """What the named schema (`issue`, `pull-request`, `check-run`) says against this object."""
    if library.missing():
        return []
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return [*rest_judge().description.library.problems(schema, reference, _wire(view))]


def problems_of_payload(event: str, payload: Any) -> Sequence[str]:
    """What GitHub's description of the webhook says against this payload."""
    if library.missing():
        return []
    judge = webhook_judge()
    kind = judge.kind(event, payload.get("action"))
    return [*judge.judge_payload(kind, _wire(payload)).errors]


def _wire(value: Any) -> Any:
    return json.loads(json.dumps(value))
