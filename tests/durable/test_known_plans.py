"""What `/plans` shows is what the last reaction saw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.durable.database import Database, opened
from bot.durable.known_plans import KnownStage, counts, forget, plans, remember
from bot.durable.looks import drop, leave, looks, note, seen
from bot.flows.survey.looks import Seen, look_of
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


def test_plans_are_counted_by_status_and_forgotten_by_name(database: Database) -> None:
    for number, status in ((1, "open"), (2, "open"), (3, "done")):
        remember(database, life(number, status=status))
    assert counts(database) == {"open": 2, "done": 1}
    forget(database, "acme/other", "3")
    forget(database, "acme/shop", "1")
    assert counts(database) == {"open": 1, "done": 1}


def test_a_look_is_kept_until_somebody_looks_again(database: Database) -> None:
    one, other = look_of(life(1), None), look_of(life(1, issue=9, base_branch="main"), None)
    note(database, life(1), one)
    note(database, life(2, "acme/other"), one)
    note(database, life(1), other)
    assert looks(database, "acme/shop") == {"1": other}
    drop(database, "acme/shop", "1")
    assert looks(database, "acme/shop") == {}
    assert looks(database, "acme/other") == {"2": one}


def test_a_repository_is_left_as_the_newest_sweep_left_it(database: Database) -> None:
    assert seen(database, "acme/shop") is None
    names = {"shape": "a", "label": "otp-refactor", "workflow": "otp-genesis.yml"}
    first = Seen(**names, heads={"main": "1"}, plans={}, entries={})
    leave(database, "acme/shop", first)
    leave(database, "acme/shop", first.model_copy(update={"round": 1}))
    found = seen(database, "acme/shop")
    assert found is not None
    assert (found.round, found.heads) == (1, {"main": "1"})


def test_a_database_that_is_gone_is_not_alive(tmp_path: Path) -> None:
    with opened(load_settings(state_dir=tmp_path)) as database:
        database.engine.dispose()
        (tmp_path / "server" / "known.sqlite").unlink()
        (tmp_path / "server" / "known.sqlite").mkdir()
        assert not database.alive()
