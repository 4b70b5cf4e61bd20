"""A plan that was looked at is left alone until something moves, however that is not heard of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.core.events import Hint
from bot.core.render.github import markers
from bot.durable.database import Database, opened
from bot.durable.known_plans import plans
from bot.durable.looks import leave, looks, seen
from bot.durable.meters import Meters
from bot.durable.reacted import Reacted
from bot.durable.reacting import Reacting
from bot.flows.react.post import Post
from bot.flows.survey.movement import ROUNDS, Movement, Survey
from tests.github.hub import SAMPLE, Hub, Place, local_hub

LABEL = "otp-refactor"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with local_hub(tmp_path_factory.mktemp("hub")) as found:
        yield found


@dataclass
class Bot:
    """Reacts and sweeps by hand, in one repository."""

    place: Place
    post: Post
    database: Database
    installation: int = field(init=False)

    def __post_init__(self) -> None:
        self.installation = self.place.installation

    def react(self, plan: str, event: str = "sweep", **more: Any) -> Reacted:
        hint = Hint(
            delivery="one",
            event=event,
            scope="plan",
            installation=self.installation,
            repository=self.place.full_name,
            plan=plan,
            **more,
        )
        return Reacting(self.post, self.database, Meters())(hint, 0)

    def sweep(self) -> Movement:
        """And look at what is due."""
        name = self.place.full_name
        listed = self.post.repositories(self.installation)
        about = next(one for one in listed if one["full_name"] == name)
        client = self.post.client(self.installation, name)
        known, before = looks(self.database, name), seen(self.database, name)
        store, now = self.post.store(client), self.post.now()
        moved = Survey(client, store, about, known, before, now).moved()
        for plan in (*moved.plans, *moved.later):
            self.react(plan)
        leave(self.database, name, moved.seen)
        return moved


@pytest.fixture
def bot(hub: Hub, tmp_path: Path) -> Iterator[Bot]:
    settings = hub.settings(tmp_path / "state", cache_dir=tmp_path / "cache")
    post = Post.open(settings)
    with opened(settings) as database:
        yield Bot(hub.place(post.as_app, SAMPLE), post, database)
    post.app.close()


@pytest.fixture
def plan(bot: Bot) -> str:
    """Of an issue that was labelled without a word to us, and found by a sweep."""
    number = bot.place.issue("Survive", labels=[LABEL])
    assert str(number) in bot.sweep().later
    while bot.sweep().plans:
        pass
    return str(number)


def test_what_was_planned_waits_for_a_person_and_is_left_alone(bot: Bot, plan: str) -> None:
    look = looks(bot.database, bot.place.full_name)[plan]
    assert look.rests
    assert look.branch == "main"
    assert "lib/kiosk/receipts.ex" in look.quoted
    assert int(plan) in look.numbers
    assert len(look.numbers) > 1
    assert bot.sweep().plans == ()


def test_what_it_quotes_makes_it_stale_though_nobody_told(bot: Bot, plan: str) -> None:
    bot.place.commit("main", {"lib/kiosk/receipts.ex": SAMPLE["lib/kiosk/receipts.ex"] + "# 1\n"})
    assert bot.sweep().plans == (plan,)
    assert looks(bot.database, bot.place.full_name)[plan].stale


def test_a_push_is_told_to_those_that_quote_what_it_changed(bot: Bot, plan: str) -> None:
    def pushed() -> tuple[str, ...]:
        hint = Hint(
            delivery="push",
            event="push",
            scope="repository",
            installation=bot.installation,
            repository=bot.place.full_name,
        )
        return Reacting(bot.post, bot.database, Meters())(hint, 0).plans

    bot.place.commit("main", {"README.md": "1\n"})
    assert pushed() == ()
    bot.place.commit("main", {"lib/kiosk/receipts.ex": SAMPLE["lib/kiosk/receipts.ex"] + "# 2\n"})
    assert pushed() == (f"{bot.place.full_name}#{plan}",)


def test_a_look_that_fails_is_made_up_for(bot: Bot, plan: str) -> None:
    fault = {"kind": "error", "agent": "otp-genesis*", "status": 503}
    with bot.place.hub.faults(fault):
        assert bot.react(plan).again_after is not None
    assert looks(bot.database, bot.place.full_name) == {}
    assert bot.sweep().later == (plan,)
    assert plan in looks(bot.database, bot.place.full_name)


def test_a_plan_with_something_left_to_do_is_not_left_alone(bot: Bot, plan: str) -> None:
    (comment,) = dashboards(bot, plan)
    bot.place.by("admin", "DELETE", f"/issues/comments/{comment['id']}")
    # It was made a moment ago, so that the list is taken to lag behind.
    bot.react(plan)
    assert dashboards(bot, plan) == []
    assert looks(bot.database, bot.place.full_name) == {}


def gone(bot: Bot, plan: str) -> None:
    """By its page: REST cannot."""
    base = bot.place.hub.said["url"]
    url = f"{base}/{bot.place.full_name}/issues/{plan}/delete"
    assert httpx.post(url, headers={"origin": base}, trust_env=False).status_code == 303


def dashboards(bot: Bot, plan: str) -> list[dict[str, Any]]:
    listed = bot.place.by("admin", "GET", f"/issues/{plan}/comments")
    return [c for c in listed if (markers.read(c["body"]) or {}).get("kind") == "dashboard"]


def without_dashboard(bot: Bot, plan: str) -> None:
    (comment,) = dashboards(bot, plan)
    bot.place.by("admin", "DELETE", f"/issues/comments/{comment['id']}")
    # What was made a moment ago is believed for two minutes, by whoever made it.
    bot.post.app.close()
    bot.post = Post.open(bot.post.settings)


SILENT: dict[str, tuple[Callable[[Bot, str], object], Callable[[Bot, str], object]]] = {
    "the issue deleted": (gone, lambda b, p: plans(b.database)[0].status == "orphaned"),
    "the dashboard deleted": (without_dashboard, dashboards),
}


@pytest.mark.parametrize("what", SILENT)
def test_what_no_list_shows_is_found_when_it_is_its_turn(bot: Bot, plan: str, what: str) -> None:
    happens, found = SILENT[what]
    happens(bot, plan)
    for _ in range(ROUNDS):
        bot.sweep()
    assert found(bot, plan)
