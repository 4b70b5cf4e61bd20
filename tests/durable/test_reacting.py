"""One try at a hint: what comes of each way it can end, and how that is counted and said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from bot import log
from bot.core.events import Hint
from bot.durable.database import Database, opened
from bot.durable.meters import Meters
from bot.durable.reacting import LEAST_WAIT, LONGEST_WAIT, Reacting, _iso
from bot.errors import OtpError, Refused, Transient
from bot.flows.react.post import Post
from bot.github.errors import NotFound
from bot.settings import load_settings
from tests.durable.support import hint_for


class Broken:
    """A post where everything that is asked raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def client(self, installation: int, full_name: str) -> Any:
        raise self.error

    def repositories(self, installation: int) -> Iterator[str]:
        raise self.error


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(load_settings(state_dir=tmp_path)) as found:
        yield found


@pytest.fixture
def reacting(database: Database) -> Callable[[Exception], Reacting]:
    return lambda error: Reacting(cast(Post, Broken(error)), database, Meters())


@pytest.fixture
def said() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = StringIO()
    log.set_up(1, secrets=("s3cr3t-value",), stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


def result(reacting: Reacting, name: str) -> float:
    return cast(float, reacting.meters.reactions.labels(name)._value.get())


@pytest.mark.parametrize(
    ("error", "tried", "wait"),
    [
        (Transient("away"), 0, 1.0),
        (Transient("away"), 5, 32.0),
        (Transient("limited", retry_after=60), 0, 60.0),
        (Transient("limited", retry_after=60), 8, 256.0),
        (Transient("limited", retry_after=7200), 0, LONGEST_WAIT),
        (Transient("away"), 20, LONGEST_WAIT),
    ],
)
def test_what_may_go_better_later_waits_longer_each_time(
    reacting: Callable[[Exception], Reacting], error: Transient, tried: int, wait: float
) -> None:
    trying = reacting(error)
    assert trying(hint_for(1, "d"), tried).again_after == wait
    assert result(trying, "again") == 1


@pytest.mark.parametrize("error", [Refused("no"), NotFound("gone", status=404), OtpError("odd")])
def test_what_will_not_go_better_is_given_up_with_its_reason(
    reacting: Callable[[Exception], Reacting], error: OtpError
) -> None:
    trying = reacting(error)
    reacted = trying(hint_for(1, "d"), 0)
    assert (reacted.again_after, reacted.status) == (None, "refused")
    assert reacted.problems == (str(error),)
    assert result(trying, "refused") == 1


def test_what_nobody_foresaw_is_seen_and_raised(
    reacting: Callable[[Exception], Reacting], said: Callable[[], list[dict[str, Any]]]
) -> None:
    trying = reacting(ZeroDivisionError("with s3cr3t-value inside"))
    with pytest.raises(ZeroDivisionError):
        trying(hint_for(5, "the-delivery", event="issues.labeled"), 0)
    assert result(trying, "crashed") == 1
    (event,) = said()
    assert event["event"] == "reaction_crashed"
    assert event["level"] == "error"
    bound = {name: event[name] for name in ("delivery", "repository", "plan", "installation")}
    assert bound == {
        "delivery": "the-delivery",
        "repository": "acme/shop",
        "plan": "5",
        "installation": 7,
    }
    assert "ZeroDivisionError" in event["exception"]
    assert "s3cr3t-value" not in event["exception"]


def test_an_app_that_was_taken_away_leaves_nothing_to_look_at(
    reacting: Callable[[Exception], Reacting],
) -> None:
    trying = reacting(NotFound("no installation", status=404))
    hint = Hint(delivery="d", event="installation.deleted", scope="installation", installation=7)
    reacted = trying(hint, 0)
    assert (reacted.plans, reacted.again_after, reacted.status) == ((), None, "")


def test_nothing_of_one_hint_sticks_to_the_next(
    reacting: Callable[[Exception], Reacting], said: Callable[[], list[dict[str, Any]]]
) -> None:
    trying = reacting(Refused("no"))
    trying(hint_for(1, "one"), 0)
    structlog.get_logger().info("between")
    assert "delivery" not in said()[-1]


def test_a_look_that_is_overdue_is_not_asked_for_in_the_past() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert _iso(None, now) == ""
    assert _iso(now - timedelta(hours=1), now) == (now + LEAST_WAIT).isoformat()
    later = now + timedelta(hours=1)
    assert _iso(later, now) == later.isoformat()
