"""The plans that were looked at, as they stood then: what `/plans` shows. Rebuilt by a sweep."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.lifecycle.state import ENDED, PlanLife
from bot.durable.database import PLANS, Database

MOST_SHOWN = 1_000


@dataclass(frozen=True)
class KnownStage:
    """One stage of a plan."""

    number: int
    status: str
    pull: int


@dataclass(frozen=True)
class KnownPlan:
    """One plan."""

    repository: str
    plan: str
    issue: int
    status: str
    reason: str
    stages: tuple[KnownStage, ...]
    seen: float
    """Seconds since 1970."""


def remember(database: Database, life: PlanLife) -> None:
    """As the plan stands now."""
    stages = [[s.number, s.status, s.pull] for s in life.stages]
    row = {
        "repository": life.repository,
        "plan": life.plan,
        "issue": life.issue,
        "status": life.status,
        "reason": _reason(life),
        "stages": json.dumps(stages),
        "seen": time.time(),
    }
    insert = postgresql.insert if database.shared else sqlite.insert
    put = insert(PLANS).values(row)
    update = {name: value for name, value in row.items() if name not in ("repository", "plan")}
    with database.engine.begin() as connection:
        connection.execute(
            put.on_conflict_do_update(index_elements=["repository", "plan"], set_=update)
        )


def _reason(life: PlanLife) -> str:
    """Why it does not go on: of an ended stage nobody waits for a reason."""
    told = (s.reason for s in life.stages if s.reason and s.status not in ENDED)
    return next(told, life.reason)


def forget(database: Database, repository: str, plan: str) -> None:
    """It is known by another name of its repository now."""
    gone = sa.delete(PLANS).where(PLANS.c.repository == repository, PLANS.c.plan == plan)
    with database.engine.begin() as connection:
        connection.execute(gone)


def counts(database: Database) -> dict[str, int]:
    """How many plans there are of each status."""
    query = sa.select(PLANS.c.status, sa.func.count().label("number")).group_by(PLANS.c.status)
    with database.engine.connect() as connection:
        return {row.status: row.number for row in connection.execute(query)}


def plans(database: Database) -> tuple[KnownPlan, ...]:
    """All of them, those last moved first."""
    with database.engine.connect() as connection:
        rows = connection.execute(
            sa.select(PLANS).order_by(PLANS.c.seen.desc()).limit(MOST_SHOWN)
        ).mappings()
        return tuple(
            KnownPlan(
                **{name: row[name] for name in ("repository", "plan", "issue", "status", "reason")},
                stages=tuple(KnownStage(*stage) for stage in json.loads(row["stages"])),
                seen=row["seen"],
            )
            for row in rows
        )
