"""Where the server keeps what is known from the last look at each plan and each repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.lifecycle.state import PlanLife
from bot.core.model import Record
from bot.durable.database import LOOKS, PLACES, Database
from bot.flows.survey.looks import Look, Seen

R = TypeVar("R", bound=Record)


def note(database: Database, life: PlanLife, look: Look) -> None:
    """Keep it until the next look."""
    _put(database, LOOKS, {"repository": life.repository, "plan": life.plan}, look=look)


def drop(database: Database, repository: str, plan: str) -> None:
    """Somebody looks at it now: what is known is not to be believed until that has ended well."""
    gone = sa.delete(LOOKS).where(LOOKS.c.repository == repository, LOOKS.c.plan == plan)
    with database.engine.begin() as connection:
        connection.execute(gone)


def looks(database: Database, repository: str) -> dict[str, Look]:
    """What is known of the plans of a repository, by plan."""
    query = sa.select(LOOKS.c.plan, LOOKS.c.look).where(LOOKS.c.repository == repository)
    with database.engine.connect() as connection:
        found = {plan: _read(Look, text) for plan, text in connection.execute(query)}
    return {plan: look for plan, look in found.items() if look is not None}


def seen(database: Database, repository: str) -> Seen | None:
    """The repository as the last sweep left it, None before the first one."""
    query = sa.select(PLACES.c.seen).where(PLACES.c.repository == repository)
    with database.engine.connect() as connection:
        text = connection.scalar(query)
    return _read(Seen, text) if text is not None else None


def leave(database: Database, repository: str, as_it_is: Seen) -> None:
    """The next sweep goes on from here."""
    _put(database, PLACES, {"repository": repository}, seen=as_it_is)


def _read(kind: type[R], text: str) -> R | None:
    """None for what another version wrote: it is worked out anew."""
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        return None


def _put(database: Database, table: sa.Table, key: Mapping[str, str], **record: Record) -> None:
    insert = postgresql.insert if database.shared else sqlite.insert
    row = {name: value.model_dump_json() for name, value in record.items()}
    put = insert(table).values({**key, **row})
    with database.engine.begin() as connection:
        connection.execute(put.on_conflict_do_update(index_elements=list(key), set_=row))
