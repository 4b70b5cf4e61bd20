"""Everything is looked at, heard of or not; and GitHub is asked for what it could not deliver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.core.events import Hint
from bot.core.lifecycle.state import Asked, PlanLife
from bot.durable import engine
from bot.durable.database import Database, opened
from bot.durable.looks import note
from bot.durable.meters import Meters
from bot.durable.sweep import (
    AT_ONCE,
    MOST_ATTEMPTS,
    SPREAD,
    Sweeper,
    failed_deliveries,
    redeliver,
)
from bot.flows.react.post import Post
from bot.flows.survey.looks import look_of
from bot.settings import Settings
from tests.durable.support import Actor, until
from tests.github.hub import Hub, Place, local_hub

LABEL = "otp-refactor"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Whose webhooks reach nobody."""
    with local_hub(
        tmp_path_factory.mktemp("hub"), "--webhook-url", "http://127.0.0.1:9/x"
    ) as found:
        yield found


@pytest.fixture(scope="module")
def settings(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return hub.settings(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def post(settings: Settings) -> Iterator[Post]:
    made = Post.open(settings)
    yield made
    made.app.close()


@pytest.fixture(scope="module")
def actor() -> Actor:
    return Actor()


@pytest.fixture(scope="module")
def database(settings: Settings, actor: Actor) -> Iterator[Database]:
    with (
        opened(settings) as found,
        engine.running(found.url, actor, executor="genesis-1", drain=lambda: 1),
    ):
        yield found


@pytest.fixture
def sweeper(post: Post, database: Database) -> Sweeper:
    return Sweeper(post, database, Meters())


@pytest.fixture
def place(hub: Hub, post: Post) -> Place:
    return hub.place(post.as_app)


def seen(actor: Actor, place: Place) -> list[str]:
    """Plans of a repository that a sweep had looked at."""
    return sorted(h.plan for h in swept_hints(actor, place) if h.scope == "plan")


def swept_hints(actor: Actor, place: Place) -> list[Hint]:
    here = [h for h, _ in actor.given if h.repository == place.full_name]
    return [h for h in here if h.event == "sweep"]


def swept(sweeper: Sweeper) -> int:
    count = sweeper.sweep()
    until(engine.swept)
    return count


def stored(place: Place, post: Post, plan: str) -> None:
    """A plan of ours in the repository."""
    client = post.client(place.installation, place.full_name)
    post.store(client).save(plan, {"lifecycle.json": b"{}"}, f"Plan {plan}", None)


def test_labelled_issues_and_known_plans_are_looked_at_and_nothing_else(
    actor: Actor, place: Place, sweeper: Sweeper, post: Post
) -> None:
    wanted = place.issue(labels=[LABEL])
    place.issue("Something else")
    closed = place.issue(labels=[LABEL])
    place.by("writer", "PATCH", f"/issues/{closed}", {"state": "closed"})
    stored(place, post, "77")
    assert swept(sweeper) >= 2
    assert seen(actor, place) == sorted(["77", str(wanted)])
    assert sweeper.last > 0


def test_the_label_of_the_teams_own_choice_counts(
    actor: Actor, place: Place, sweeper: Sweeper
) -> None:
    place.commit("main", {".github/otp-genesis.yml": "version: 1\nlabel: fix-otp\n"}, "admin")
    number = place.issue(labels=["fix-otp"])
    place.issue(labels=[LABEL])
    swept(sweeper)
    assert seen(actor, place) == [str(number)]


def test_one_repository_in_trouble_hides_no_other(
    actor: Actor, hub: Hub, place: Place, sweeper: Sweeper, post: Post
) -> None:
    other = hub.place(post.as_app)
    number = other.issue(labels=[LABEL])
    place.issue(labels=[LABEL])
    trouble = {"kind": "error", "path": f"/repos/{place.full_name}/issues", "status": 500}
    with hub.faults(trouble):
        swept(sweeper)
    assert seen(actor, place) == []
    assert seen(actor, other) == [str(number)]
    assert sweeper.last == 0
    swept(sweeper)
    assert len(seen(actor, place)) == 1


def test_the_configuration_of_each_repository_is_looked_at(
    actor: Actor, place: Place, sweeper: Sweeper
) -> None:
    swept(sweeper)
    (hint,) = swept_hints(actor, place)
    assert (hint.scope, hint.plan, hint.pull) == ("config", "", 0)


def test_a_plan_that_rests_is_left_alone(
    actor: Actor, place: Place, sweeper: Sweeper, post: Post, database: Database
) -> None:
    stored(place, post, "77")
    asked = Asked(actor="writer", source="label")
    life = PlanLife(plan="77", repository=place.full_name, issue=77, status="open", requested=asked)
    for _ in range(5):
        note(database, life, look_of(life, None))
        swept(sweeper)
    # When the repository was seen first, and perhaps when it was its turn.
    assert 1 <= len(seen(actor, place)) <= 2


def test_looks_that_can_wait_are_spread_over_the_time_until_the_next_sweep(
    sweeper: Sweeper,
) -> None:
    delays = [sweeper._delay(place) for place in range(1_000)]
    assert delays[: AT_ONCE + 1] == [None] * (AT_ONCE + 1)
    assert delays[AT_ONCE + 1 : AT_ONCE + 4] == [1.0, 2.0, 3.0]
    assert delays[-1] == sweeper.every * SPREAD


def test_what_crashed_is_looked_at_by_the_next_sweep(
    actor: Actor, place: Place, sweeper: Sweeper
) -> None:
    number = place.issue(labels=[LABEL])
    hint = Hint(
        delivery=f"crash-{number}",
        event="issues.labeled",
        scope="plan",
        installation=place.installation,
        repository=place.full_name,
        plan=str(number),
    )
    actor.answers[hint.delivery] = [ZeroDivisionError("a bug")]
    engine.enqueue(hint)
    until(lambda: engine.fate_of(hint.delivery) == "failed")
    swept(sweeper)
    assert seen(actor, place) == [str(number)]


def test_a_sweep_does_not_pile_upon_one_that_is_not_worked_off(
    actor: Actor, place: Place, sweeper: Sweeper
) -> None:
    place.issue(labels=[LABEL])
    held = threading.Event()
    actor.hold["sweep:held"] = held
    engine.enqueue(
        Hint(
            delivery="sweep:held",
            event="sweep",
            scope="plan",
            installation=1,
            repository="a/b",
            plan="1",
        )
    )
    assert sweeper.sweep() == 0
    held.set()
    until(engine.swept)
    assert swept(sweeper) >= 1


def attempts(post: Post) -> list[Any]:
    return list(post.as_app.pages("/app/hook/deliveries"))


def test_what_never_came_in_is_asked_for_again_and_not_for_ever(
    hub: Hub, place: Place, post: Post
) -> None:
    with hub.faults({"kind": "drop"}):
        place.issue("Dropped")
        until(lambda: failed_deliveries(post))
        known = len({a["guid"] for a in attempts(post)})
        for _ in range(MOST_ATTEMPTS - 1):
            before = len(attempts(post))
            asked = redeliver(post)
            assert asked >= 1
            until(lambda: len(attempts(post)) >= before + asked)  # noqa: B023 - asked at once
        assert redeliver(post) == 0
        assert failed_deliveries(post) == []
    assert len({a["guid"] for a in attempts(post)}) == known


def test_more_failed_deliveries_than_a_page_holds_are_all_found(
    hub: Hub, place: Place, post: Post
) -> None:
    number = place.issue("Talk")
    count = 110
    for n in range(count):
        place.say(number, f"{n}")
    until(lambda: len(failed_deliveries(post)) >= count, 60)
    failed = failed_deliveries(post)
    assert failed == sorted(failed)
    assert len(failed) == len(set(failed))


def test_the_thread_sweeps_at_once_and_stops(
    actor: Actor, place: Place, post: Post, database: Database
) -> None:
    number = place.issue(labels=[LABEL])
    sweeper = Sweeper(post, database, Meters(), every=600)
    sweeper.start()
    until(lambda: sweeper.last, 60)
    sweeper.stop()
    until(engine.swept)
    assert seen(actor, place) == [str(number)]


def test_workers_that_come_to_a_repository_at_once_share_its_mirror(
    place: Place, post: Post
) -> None:
    """Made by each of them, the folder of the mirror would be in the way of the others."""
    plans = [str(n) for n in range(101, 109)]
    with ThreadPoolExecutor(len(plans)) as pool:
        list(pool.map(lambda plan: stored(place, post, plan), plans))
    client = post.client(place.installation, place.full_name)
    assert sorted(post.store(client).tips()) == plans
