"""What the local GitHub does not play, said by somebody between it and us: the whole App.

It has no merge queue, and knows at once whether a pull request conflicts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.app_support import Plan, Running, playing, until
from tests.e2e.test_app_pulls import moves, status, under_review
from tests.github.between import Between, between
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("app_queue")

FIELD = "isInMergeQueue"
NOT_YET = {"mergeable": None, "mergeable_state": "unknown"}


@dataclass
class Queue:
    """What GitHub would say of its queue."""

    app: Running
    told: dict[str, bool]
    unknown: dict[str, int]
    """How often it is still said of a path's pull request that its merge is not worked out."""

    def tell(self, plan: Plan, action: str) -> None:
        """The pull request goes in or out, and a delivery says so."""
        pull = plan.pulls()[0]
        self.told[pull["node_id"]] = action == "enqueued"
        body = {
            "action": action,
            "number": pull["number"],
            "installation": {"id": plan.place.installation},
            "repository": {"full_name": plan.place.full_name, "default_branch": "main"},
            "pull_request": pull,
            "sender": {"login": "maintainer", "type": "User"},
        }
        assert self.app.send("pull_request", body) == 202


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    port, told, unknown = free_port(), dict[str, bool](), dict[str, int]()
    with between(f"http://127.0.0.1:{port}") as there:
        speak(there, told, unknown)
        folder: Path = tmp_path_factory.mktemp("app")
        options = ("--port", str(port))
        with playing(folder, *options, GENESIS_GITHUB_API_URL=there.api) as running:
            yield Queue(running, told, unknown)
            running.check_whole()
            assert any(FIELD in call.body for call in there.calls)


def speak(there: Between, told: dict[str, bool], unknown: dict[str, int]) -> None:
    """Answer what only a GitHub with a queue can, and let it answer the rest."""

    def without(path: str, body: bytes) -> bytes:
        return body.replace(FIELD.encode(), b"id") if path.endswith("/graphql") else body

    def amended(path: str, asked: bytes, answer: bytes) -> bytes:
        if unknown.get(path, 0) > 0:
            unknown[path] -= 1
            return json.dumps({**json.loads(answer), **NOT_YET}).encode()
        if not path.endswith("/graphql") or FIELD.encode() not in asked:
            return answer
        found: dict[str, Any] = json.loads(answer)
        if (found.get("data") or {}).get("node"):
            found["data"]["node"][FIELD] = told.get(json.loads(asked)["variables"]["pull"], False)
        return json.dumps(found).encode()

    there.rewrite, there.amend, there.conditional = without, amended, False


def test_what_is_queued_is_left_to_github_until_it_is_merged(queue: Queue) -> None:
    plan, pull = under_review(queue.app)
    before = queue.app.hub.now()
    queue.tell(plan, "enqueued")
    until("it is seen", lambda: status(plan) == "queued-to-merge")
    until("it is shown", lambda: plan.shown("in the merge queue"))
    plan.go_on()
    assert moves(queue.app, plan, before) == []
    where = f"/pulls/{pull['number']}/merge"
    plan.place.by("maintainer", "PUT", where, {"merge_method": "squash"})
    until("the stage is over", lambda: status(plan) == "merged")
    assert (len(plan.runs()), len(plan.pulls())) == (1, 1)


def test_what_leaves_the_queue_waits_for_review_again(queue: Queue) -> None:
    plan, pull = under_review(queue.app)
    queue.tell(plan, "enqueued")
    until("it is seen", lambda: status(plan) == "queued-to-merge")
    before = queue.app.hub.now()
    queue.tell(plan, "dequeued")
    until("it is seen", lambda: status(plan) == "awaiting-review")
    plan.go_on()
    assert moves(queue.app, plan, before) == []
    assert len(plan.runs()) == 1
    # Asked for changes, it is not waited for: the push takes it out of the queue.
    queue.tell(plan, "enqueued")
    until("it is seen", lambda: status(plan) == "queued-to-merge")
    review = {"event": "REQUEST_CHANGES", "body": "Not like this."}
    plan.place.by("writer", "POST", f"/pulls/{pull['number']}/reviews", review)
    until("another attempt", lambda: len(plan.runs()) == 2)
    queue.tell(plan, "dequeued")
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    assert plan.pulls()[0]["head"]["sha"] != pull["head"]["sha"]


def test_a_conflict_that_github_works_out_later_is_noticed_without_a_delivery(
    queue: Queue,
) -> None:
    plan, pull = under_review(queue.app)
    path = f"/api/v3/repos/{plan.place.full_name}/pulls/{pull['number']}"
    queue.unknown[path] = 1000
    theirs = plan.place.commit("main", {"lib/kiosk/alarm.ex": "# theirs\n"}, "maintainer")
    until("it is looked at", lambda: queue.unknown[path] < 1000)
    plan.go_on()
    assert len(plan.runs()) == 1
    queue.unknown[path] = 0
    until("another attempt", lambda: len(plan.runs()) == 2)
    until("it waits for review", lambda: status(plan) == "awaiting-review")
    assert plan.life()["stages"][0]["base"] == theirs
