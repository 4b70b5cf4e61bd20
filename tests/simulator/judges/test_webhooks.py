"""The judge of webhooks: good payloads pass, mutilated ones fail; headers count too."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.simulator.judges import library
from tests.simulator.judges.exchanges import Delivery
from tests.simulator.judges.webhooks import WebhookJudge

HEADERS = {
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516",
    "x-github-event": "issues",
    "x-github-hook-id": "1",
    "x-github-hook-installation-target-id": "2",
    "x-github-hook-installation-target-type": "integration",
    "x-hub-signature-256": "sha256=" + "0" * 64,
    "content-type": "application/json",
    "accept": "*/*",
}


@pytest.fixture(scope="module")
def examples(webhook_judge: WebhookJudge) -> dict[str, list[Any]]:
    return library.webhook_examples()


def delivery(
    payload: Any, event: str = "issues", *, genuine: bool = True, headers: Any = None
) -> Delivery:
    """An empty header is one that was not sent."""
    given = HEADERS | {"x-github-event": event} | (headers or {})
    sent = {name: value for name, value in given.items() if value}
    return Delivery(sent, json.dumps(payload).encode(), genuine)


def labeled(examples: dict[str, list[Any]]) -> Any:
    """A copy, to be mutilated."""
    return copy.deepcopy(next(e for e in examples["issues"] if e["action"] == "labeled"))


def test_kinds_are_spelt_as_events_and_actions(webhook_judge: WebhookJudge) -> None:
    assert len(webhook_judge.kinds) == 261
    assert webhook_judge.kind("pull_request", "review_requested") == "pull_request/review_requested"
    assert webhook_judge.kind("push", None) == "push"
    assert webhook_judge.kind("repository_dispatch", "anything") == "repository_dispatch"
    with pytest.raises(KeyError):
        webhook_judge.kind("issues", "exploded")


def test_an_official_example_passes(
    webhook_judge: WebhookJudge, examples: dict[str, list[Any]]
) -> None:
    verdict = webhook_judge.judge(delivery(labeled(examples)))
    assert verdict.errors == ()
    assert verdict.subject == "webhook issues/labeled"


def test_most_official_examples_pass(
    webhook_judge: WebhookJudge, examples: dict[str, list[Any]]
) -> None:
    """They are older than the description: 208 of 329 hold today, and that number may not sink."""
    verdicts = [
        webhook_judge.judge_payload(webhook_judge.kind(event, each.get("action")), each)
        for event, payloads in examples.items()
        for each in payloads
    ]
    assert sum(verdict.valid for verdict in verdicts) == 208
    assert len(verdicts) == 329


@pytest.mark.parametrize("key", ["action", "issue", "repository", "sender"])
def test_a_payload_without_a_required_key_fails(
    webhook_judge: WebhookJudge, examples: dict[str, list[Any]], key: str
) -> None:
    payload = {k: v for k, v in labeled(examples).items() if k != key}
    verdict = webhook_judge.judge_payload("issues/labeled", payload)
    assert verdict.errors == (f"payload /: {key!r} is a required property",)


def test_a_value_of_the_wrong_type_fails(
    webhook_judge: WebhookJudge, examples: dict[str, list[Any]]
) -> None:
    payload = labeled(examples)
    payload["issue"]["number"] = "one"
    [error] = webhook_judge.judge(delivery(payload)).errors
    assert error == "payload /issue/number: 'one' is not of type 'integer'"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("x-github-hook-id", "", "header x-github-hook-id is missing"),
        ("x-github-delivery", "1764100000", "header x-github-delivery is '1764100000'"),
        ("user-agent", "python-httpx", "header user-agent is 'python-httpx'"),
        ("x-hub-signature-256", "sha256=abc", "header x-hub-signature-256 is 'sha256=abc'"),
        ("content-type", "text/plain", "header content-type is 'text/plain'"),
    ],
)
def test_headers_are_held_to_githubs(
    webhook_judge: WebhookJudge,
    examples: dict[str, list[Any]],
    name: str,
    value: str,
    error: str,
) -> None:
    verdict = webhook_judge.judge(delivery(labeled(examples), headers={name: value}))
    assert verdict.errors == (error,)


def test_a_false_signature_is_an_error(
    webhook_judge: WebhookJudge, examples: dict[str, list[Any]]
) -> None:
    verdict = webhook_judge.judge(delivery(labeled(examples), genuine=False))
    assert verdict.errors == ("signature is not that of the raw bytes",)


@pytest.mark.parametrize(
    ("event", "payload", "error"),
    [
        ("issues", {"action": "exploded"}, "no webhook 'issues/exploded'"),
        ("party", {}, "no webhook 'party/None'"),
    ],
)
def test_what_github_does_not_send_is_an_error(
    webhook_judge: WebhookJudge, event: str, payload: Any, error: str
) -> None:
    verdict = webhook_judge.judge(delivery(payload, event))
    assert error in verdict.errors[0]
    assert verdict.subject == ""


def test_what_is_for_apps_goes_to_no_repository(webhook_judge: WebhookJudge) -> None:
    judge = webhook_judge.judge
    to_app = judge(delivery({}, "workflow_dispatch"))
    to_repository = judge(
        delivery(
            {},
            "workflow_dispatch",
            headers={"x-github-hook-installation-target-type": "repository"},
        )
    )
    error = "sent to the hook of a repository: it is for ['app']"
    assert error in to_repository.errors
    assert error not in to_app.errors


def test_an_unknown_key_is_noticed(
    webhook_judge: WebhookJudge, examples: dict[str, list[Any]]
) -> None:
    verdict = webhook_judge.judge(delivery(labeled(examples) | {"mood": "good"}))
    assert verdict.notices == ("payload key 'mood' is not described",)
