"""Rounds on a local GitHub: a label becomes a plan, and nothing comes twice whatever breaks off."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import log
from bot.core.events import Hint
from bot.core.lifecycle.commands import Analyse, Command
from bot.core.render.github import markers
from bot.errors import Transient
from bot.flows.react.analysis import analyse
from bot.flows.react.loop import Reaction, Reactor
from bot.flows.react.post import Post
from bot.flows.react.record import PROBLEM
from bot.github.app_auth import App
from bot.github.client import Client
from tests.github.hub import OURSELVES, SAMPLE, Hub, Place

LABEL = "otp-refactor"


class Stopped(Exception):
    """The process ended here."""


@dataclass
class Play:
    """A repository with an issue, and us."""

    place: Place
    folder: Path
    number: int
    post: Post = field(init=False)

    def __post_init__(self) -> None:
        self.begin("one")

    def begin(self, name: str) -> None:
        """A process of ours that remembers nothing."""
        folder, cache = self.folder / name, self.folder / "cache"
        settings = self.place.hub.settings(folder, cache_dir=cache)
        self.post = Post(self.place.app, settings, OURSELVES)

    def react(self, hint: Hint | None = None, **options: Any) -> Reaction:
        with self.post.client(self.place.installation, self.place.full_name) as client:
            return Reactor(self.post, client, str(self.number), hint, **options).react()

    def hint(self, **more: Any) -> Hint:
        return Hint(
            delivery="one",
            event="issues.labeled",
            scope="plan",
            installation=self.place.installation,
            repository=self.place.full_name,
            plan=str(self.number),
            **more,
        )

    def shown(self) -> dict[str, Any]:
        """What could be there twice."""
        issues = self.place.by("admin", "GET", "/issues", None, state="all", per_page=100)
        comments = self.place.by("admin", "GET", f"/issues/{self.number}/comments")
        kinds = Counter((markers.read(c["body"]) or {}).get("kind") for c in comments)
        subs = self.place.by("admin", "GET", f"/issues/{self.number}/sub_issues")
        return {
            "issues": sorted(i["title"] for i in issues),
            "comments": kinds,
            "sub-issues": sorted(s["title"] for s in subs),
        }


@pytest.fixture
def play(hub: Hub, app: App, tmp_path: Path) -> Play:
    place = hub.place(app, SAMPLE)
    number = place.issue("Survive the night", labels=[LABEL])
    return Play(place, tmp_path, number)


def stages(play: Play) -> list[str]:
    """The stages of the kiosk that have anything to do."""
    titles = ("OTP stage 1: Critical fixes", "OTP stage 5: Integration and rollout")
    return [f"{title} (plan #{play.number})" for title in titles]


def test_a_label_becomes_a_plan_and_then_nothing_is_left_to_do(play: Play) -> None:
    reaction = play.react(play.hint(labelled=LABEL, sender="writer"))
    assert reaction.settled
    assert reaction.problems == []
    shown = play.shown()
    assert shown["sub-issues"] == stages(play)
    assert shown["comments"] == Counter(dashboard=1)
    body = play.place.by("admin", "GET", f"/issues/{play.number}")["body"]
    assert body is None or "genesis" not in body
    again = play.react()
    assert (again.settled, again.done) == (True, [])
    assert play.shown() == shown


def test_what_is_said_while_a_stage_is_worked_on_names_the_stage(play: Play) -> None:
    stream = StringIO()
    log.set_up(1, stream=stream)
    try:
        play.react(play.hint(labelled=LABEL, sender="writer"))
        structlog.get_logger().info("after")
    finally:
        structlog.reset_defaults()
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    stages = {e["command"]: e.get("stage") for e in events if e["event"] == "carried_out"}
    assert stages["put-stage-issue"] in (1, 5)
    assert stages["link-stage"] in (1, 5)
    assert "stage" not in events[-1]
    assert all(e["issue"] == play.number for e in events if e["event"] == "carried_out")
    assert stages["analyse"] is stages["put-comment"] is None


def test_a_delivery_about_another_issue_costs_one_question(play: Play) -> None:
    other = Play(play.place, play.folder, play.place.issue("Something else"))
    hint, before = other.hint(), play.place.hub.now()
    assert other.react(hint).life is None
    asked = [e["path"] for e in play.place.hub.exchanges(before) if "/git/" in e["path"]]
    assert asked == [f"/api/v3/repos/{play.place.full_name}/git/ref/genesis/plan-{other.number}"]
    assert play.place.raw("admin", "GET", f"/issues/{other.number}/comments").json() == []


def test_an_unlabelled_issue_gets_nothing(hub: Hub, app: App, tmp_path: Path) -> None:
    place = hub.place(app, SAMPLE)
    play = Play(place, tmp_path, place.issue("No label"))
    assert play.react().life is None
    assert play.shown()["comments"] == Counter()


def test_the_label_counts_however_the_repository_spells_it(
    hub: Hub, app: App, tmp_path: Path
) -> None:
    place = hub.place(app, SAMPLE)
    play = Play(place, tmp_path, place.issue("Loud", labels=["OTP-Refactor"]))
    would: list[Command] = []
    play.react(play.hint(labelled="OTP-Refactor", sender="writer"), would=would.append)
    assert any(isinstance(command, Analyse) for command in would)


def test_a_dry_run_writes_nothing_and_says_what_it_would(play: Play) -> None:
    would: list[Command] = []
    shown, before = play.shown(), play.place.hub.now()
    play.react(play.hint(labelled=LABEL, sender="writer"), would=would.append)
    assert would
    written = [
        exchange
        for exchange in play.place.hub.exchanges(before)
        if exchange["method"] in ("POST", "PATCH", "PUT", "DELETE")
        and not exchange["path"].endswith("/access_tokens")
    ]
    assert written == []
    assert play.shown() == shown


@pytest.mark.parametrize("stop", [1, 2, 3, 5, 7])
def test_a_process_that_ends_between_two_commands_leaves_nothing_twice(
    play: Play, stop: int
) -> None:
    hint = play.hint(labelled=LABEL, sender="writer")

    class Ending(Reactor):
        done = 0

        def _do(self, *arguments: Any) -> None:
            Ending.done += 1
            if Ending.done == stop:
                raise Stopped
            super()._do(*arguments)

    with (
        play.post.client(play.place.installation, play.place.full_name) as client,
        pytest.raises(Stopped),
    ):
        Ending(play.post, client, str(play.number), hint).react()
    play.begin("two")
    reaction = play.react()
    assert reaction.settled
    shown = play.shown()
    assert shown["sub-issues"] == stages(play)
    assert len(shown["issues"]) == 1 + len(stages(play))
    assert shown["comments"] == Counter(dashboard=1)


def test_why_there_is_no_plan_is_told_on_the_issue(hub: Hub, app: App, tmp_path: Path) -> None:
    place = hub.place(app, {"README.md": "No Elixir here.\n"})
    play = Play(place, tmp_path, place.issue("Survive", labels=[LABEL]))
    reaction = play.react()
    assert reaction.settled
    told = place.by("admin", "GET", f"/issues/{play.number}/comments")
    assert len(told) == 1
    assert "no Elixir source" in told[0]["body"]
    assert str(tmp_path) not in told[0]["body"]
    assert play.shown()["sub-issues"] == []


def test_a_github_that_is_away_is_for_later(play: Play) -> None:
    with (
        play.place.hub.faults({"kind": "error", "agent": "otp-genesis*", "status": 503}),
        pytest.raises(Transient),
    ):
        play.react()
    assert play.react().settled


def test_an_analysis_in_vain_leaves_no_clone(play: Play) -> None:
    with play.post.client(play.place.installation, play.place.full_name) as client:
        files = analyse(play.post, client, "7", Analyse(base="f" * 40, goal="x"))
    assert set(files) == {PROBLEM}
    clones = play.post.folder(play.place.full_name) / "clones"
    assert not clones.exists() or list(clones.iterdir()) == []


def test_a_refused_command_is_told_and_does_not_go_on_for_ever(play: Play) -> None:
    def planner(post: Post, client: Client, plan: str, command: Analyse) -> Mapping[str, bytes]:
        play.place.by("admin", "PATCH", "", {"has_issues": False})
        return analyse(post, client, plan, command)

    reaction = play.react(planner=planner)
    assert len(reaction.done) < 40
    assert os.environ["HOME"] not in " ".join(reaction.problems)
