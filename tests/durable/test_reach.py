"""Plans whose repository the App cannot reach: shown as what they are, and found again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.core.lifecycle.presence import GONE, SUSPENDED
from bot.durable import engine
from bot.durable.database import Database, opened
from bot.durable.known_plans import KnownPlan, counts, plans
from bot.durable.looks import looks, seen
from bot.durable.meters import Meters
from bot.durable.reacting import Reacting
from bot.durable.sweep import Sweeper
from bot.flows.react.post import Post
from tests.durable.support import until
from tests.github.hub import Hub, Place, local_hub

LABEL = "otp-refactor"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with local_hub(tmp_path, called="elsewhere/shop") as found:
        yield found


@pytest.fixture
def post(hub: Hub, tmp_path: Path) -> Iterator[Post]:
    made = Post.open(hub.settings(tmp_path / "state", cache_dir=tmp_path / "cache"))
    yield made
    made.app.close()


@pytest.fixture
def sweeper(post: Post) -> Iterator[Sweeper]:
    with opened(post.settings) as database:
        reacting = Reacting(post, database, Meters())
        with engine.running(database.url, reacting, executor="genesis-1", drain=lambda: 5):
            yield Sweeper(post, database, Meters())


@pytest.fixture
def place(hub: Hub, post: Post) -> Place:
    return hub.place(post.as_app, {"mix.exs": "# none\n"}, owner="elsewhere")


def swept(sweeper: Sweeper) -> None:
    sweeper.sweep()
    until(engine.swept)


def known(database: Database, plan: int) -> list[KnownPlan]:
    return [one for one in plans(database) if one.plan == str(plan)]


def plan_of(sweeper: Sweeper, place: Place) -> int:
    number = place.issue(labels=[LABEL])
    swept(sweeper)
    until(lambda: number in {int(one.plan) for one in plans(sweeper.database)})
    swept(sweeper)
    return number


def installed(hub: Hub) -> None:
    base = hub.said["url"]
    url, form = f"{base}/apps/otp-genesis/installations/new", {"account": "elsewhere"}
    answer = httpx.post(url, data=form, headers={"origin": base}, trust_env=False)
    assert answer.status_code == 303, answer.text


def test_what_is_uninstalled_is_shown_as_orphaned_and_comes_back(
    hub: Hub, place: Place, sweeper: Sweeper
) -> None:
    database, number = sweeper.database, plan_of(sweeper, place)
    (before,) = known(database, number)
    hub.as_app("DELETE", f"/app/installations/{place.installation}")
    swept(sweeper)
    (shown,) = known(database, number)
    assert (shown.status, shown.reason) == (GONE.status, GONE.reason)
    assert counts(database) == {"orphaned": 1}
    assert sweeper.last > 0
    assert looks(database, place.full_name) == {}
    assert seen(database, place.full_name) is None
    installed(hub)
    swept(sweeper)
    (back,) = known(database, number)
    assert (back.status, back.reason) == (before.status, before.reason)


def test_what_is_suspended_is_shown_as_paused_and_comes_back(
    hub: Hub, place: Place, sweeper: Sweeper
) -> None:
    database, number = sweeper.database, plan_of(sweeper, place)
    (before,) = known(database, number)
    where = f"/app/installations/{place.installation}/suspended"
    hub.as_app("PUT", where)
    swept(sweeper)
    (shown,) = known(database, number)
    assert (shown.status, shown.reason) == (SUSPENDED.status, SUSPENDED.reason)
    hub.as_app("DELETE", where)
    swept(sweeper)
    assert known(database, number)[0].status == before.status


def test_a_renamed_repository_is_shown_by_its_new_name_alone(
    place: Place, sweeper: Sweeper
) -> None:
    database, number = sweeper.database, plan_of(sweeper, place)
    place.by("admin", "PATCH", "", {"name": "another-name"})
    swept(sweeper)
    swept(sweeper)
    assert [one.repository for one in known(database, number)] == ["elsewhere/another-name"]


def test_nothing_is_lost_because_a_list_was(hub: Hub, place: Place, sweeper: Sweeper) -> None:
    database, number = sweeper.database, plan_of(sweeper, place)
    (before,) = known(database, number)
    fault = {"kind": "error", "path": "/installation/repositories", "status": 500}
    with hub.faults(fault):
        swept(sweeper)
    assert [one.status for one in known(database, number)] == [before.status]
    assert looks(database, place.full_name) != {} or before.status == "planning"
