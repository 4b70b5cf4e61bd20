"""`genesis replay`: a delivery that was kept in a file, once more, on a local GitHub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Unusable
from bot.flows.react.recorded import Recorded
from tests.github.hub import Hub
from tests.ports import free_port
from tests.server.payloads import payload
from tests.server.serving import (
    CODE,
    HERE,
    labelled,
    local_github,
    planned,
    reading,
    settings_for,
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Whose webhooks reach nobody."""
    with local_github(tmp_path_factory.mktemp("replay"), free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def delivery(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That an issue was given the label, as GitHub's log of deliveries has it."""
    app = hub.app()
    number = labelled(hub)
    wanted = [
        d
        for d in app.pages("/app/hook/deliveries")
        if (d["event"], d["action"]) == ("issues", "labeled")
    ]
    found = app.get(f"/app/hook/deliveries/{wanted[0]['id']}")
    app.close()
    assert isinstance(found, dict)
    assert found["request"]["payload"]["issue"]["number"] == number
    path = tmp_path_factory.mktemp("kept") / "delivery.json"
    path.write_text(json.dumps(found))
    return path


def genesis(hub: Hub, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CODE, "replay", *arguments],
        env={**os.environ, **settings_for(hub, tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=120,
    )


def number_of(delivery: Path) -> int:
    return int(json.loads(delivery.read_text())["request"]["payload"]["issue"]["number"])


def test_a_dry_run_tells_the_next_writes_and_makes_none(
    hub: Hub, tmp_path: Path, delivery: Path
) -> None:
    before = hub.now()
    done = genesis(hub, tmp_path, str(delivery), "--dry-run")
    assert done.returncode == 0, done.stderr
    number = number_of(delivery)
    assert f"acme/courier plan {number}: planning" in done.stdout
    assert "writes would follow" in done.stdout
    assert "  react " in done.stdout
    assert "content=eyes" in done.stdout
    writes = [e for e in hub.exchanges(before) if e["method"] not in ("GET", "HEAD")]
    assert {e["path"].rpartition("/")[2] for e in writes} <= {"access_tokens", "token"}
    assert reading(hub, f"/issues/{number}/reactions") == []
    assert not (tmp_path / "state").exists()


def test_as_json_the_writes_are_whole(hub: Hub, tmp_path: Path, delivery: Path) -> None:
    done = genesis(hub, tmp_path, str(delivery), "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["dry_run"] is True
    assert told["hint"]["labelled"] == "otp-refactor"
    (plan,) = told["plans"]
    assert (plan["plan"], plan["repository"]) == (str(number_of(delivery)), "acme/courier")
    kinds = [command["kind"] for command in plan["commands"]]
    assert "react" in kinds
    assert all("\n" not in kind for kind in kinds)


def test_without_it_all_is_done_and_done_twice_it_is_there_once(
    hub: Hub, tmp_path: Path, delivery: Path
) -> None:
    number = number_of(delivery)
    first = genesis(hub, tmp_path, str(delivery))
    assert first.returncode == 0, first.stdout + first.stderr
    assert f"acme/courier plan {number}: open" in first.stdout
    assert planned(hub, number)
    second = genesis(hub, tmp_path, str(delivery), "--json")
    assert second.returncode == 0, second.stdout + second.stderr
    (plan,) = json.loads(second.stdout)["plans"]
    assert (plan["status"], plan["commands"], plan["problems"]) == ("open", [], [])
    assert len(reading(hub, f"/issues/{number}/sub_issues")) == 5


def test_a_comment_is_replayed_with_the_right_of_who_wrote_it(
    hub: Hub, tmp_path: Path, delivery: Path
) -> None:
    """The payload says what it likes; the right is asked of GitHub."""
    number = number_of(delivery)
    comment = hub.hand("reader").post(
        f"{HERE}/issues/{number}/comments", json={"body": "/genesis approve"}
    )
    body = payload(
        action="created",
        installation={"id": 0},
        repository={"full_name": "acme/courier", "default_branch": "main"},
        issue={"number": number, "body": ""},
        comment={**comment.json(), "author_association": "OWNER"},
        sender={"login": "reader", "type": "User"},
    )
    path = tmp_path / "payload.json"
    path.write_text(json.dumps(body))
    done = genesis(hub, tmp_path, str(path), "--event", "issue_comment", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    (plan,) = json.loads(done.stdout)["plans"]
    texts = [c["body"] for c in plan["commands"] if c["kind"] == "put-comment"]
    assert any("reader" in text or "write" in text for text in texts)
    assert "dispatch" not in [c["kind"] for c in plan["commands"]]


def test_what_is_not_for_us_says_so(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "payload.json"
    path.write_text(json.dumps(payload(action="created")))
    done = genesis(hub, tmp_path, str(path), "--event", "star")
    assert (done.returncode, done.stdout) == (0, "nothing in it is for us\n")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ("{}", "which event"),
        ('{"headers": {}, "payload": {}}', "which event"),
        ('{"headers": {"X-GitHub-Event": "../x"}, "payload": {}}', "which event"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_delivery_is_said(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "delivery.json"
    path.write_text(text)
    with pytest.raises(Unusable, match=wrong):
        Recorded.read(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot read"):
        Recorded.read(tmp_path / "absent.json")


@pytest.mark.parametrize(
    "document",
    [
        {"headers": {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "g"}, "payload": {"a": 1}},
        {"event": "issues", "guid": "g", "request": {"headers": {}, "payload": {"a": 1}}},
        {"event": "issues", "guid": "g", "request": {"payload": {"a": 1}, "headers": None}},
    ],
)
def test_both_ways_of_keeping_one_are_read(tmp_path: Path, document: dict[str, Any]) -> None:
    path = tmp_path / "delivery.json"
    path.write_text(json.dumps(document))
    assert Recorded.read(path) == Recorded("g", "issues", {"a": 1})


def test_what_is_about_the_configuration_says_so(hub: Hub, tmp_path: Path) -> None:
    body = payload(
        action="opened",
        repository={"full_name": "acme/courier", "default_branch": "main"},
        pull_request={"number": 1, "head": {"ref": "topic"}, "base": {"ref": "main"}},
    )
    path = tmp_path / "payload.json"
    path.write_text(json.dumps(body))
    done = genesis(hub, tmp_path, str(path), "--event", "pull_request", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the configuration of acme/courier would be looked at\n"
