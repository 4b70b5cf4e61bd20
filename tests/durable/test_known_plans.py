"""What `/plans` shows is what the last reaction saw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.durable.database import Database, opened
from bot.durable.known_plans import KnownStage, plans, remember
from bot.settings import load_settings


def life(plan: int, repository: str = "acme/shop", **more: object) -> PlanLife:
    asked = Asked(actor="writer", source="label")
    made = PlanLife(plan=str(plan), repository=repository, issue=plan, requested=asked)
    return made.model_copy(update=more)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    shared = request.param == "postgres"
    url = request.getfixturevalue("shared_url") if shared else None
    with opened(load_settings(state_dir=tmp_path, database_url=url)) as found:
        assert found.shared is shared
        assert found.alive()
        yield found


def test_a_plan_is_shown_as_it_was_seen_last(database: Database) -> None:
    assert plans(database) == ()
    remember(database, life(1))
    remember(database, life(2, "acme/other"))
    stages = (StageLife(number=1, status="merged", pull=7), StageLife(number=2, reason="Asks."))
    remember(database, life(1, status="open", stages=stages))
    newest, other = plans(database)
    assert (newest.repository, newest.plan, newest.issue) == ("acme/shop", "1", 1)
    assert (newest.status, newest.reason) == ("open", "Asks.")
    assert newest.stages == (KnownStage(1, "merged", 7), KnownStage(2, "planned", 0))
    assert (other.repository, other.status, other.stages) == ("acme/other", "planning", ())


def test_the_reason_of_the_plan_is_told_where_no_stage_has_one(database: Database) -> None:
    remember(database, life(1, reason="The base changed."))
    assert plans(database)[0].reason == "The base changed."


def test_why_a_stage_ended_is_no_reason_to_look(database: Database) -> None:
    ended = StageLife(number=2, status="skipped", reason="Nothing to do.")
    remember(database, life(1, stages=(ended,)))
    assert plans(database)[0].reason == ""
    waits = StageLife(number=3, status="needs-human", reason="Red twice.")
    remember(database, life(1, stages=(ended, waits)))
    assert plans(database)[0].reason == "Red twice."


def test_a_database_that_is_gone_is_not_alive(tmp_path: Path) -> None:
    with opened(load_settings(state_dir=tmp_path)) as database:
        database.engine.dispose()
        (tmp_path / "server" / "known.sqlite").unlink()
        (tmp_path / "server" / "known.sqlite").mkdir()
        assert not database.alive()
