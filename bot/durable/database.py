"""Where durable things are: SQLite in the state directory, or Postgres for several workers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bot.codebase.lock import locked
from bot.errors import Busy, Unusable
from bot.settings import Settings

METADATA = sa.MetaData(schema="genesis")
"""Tables of our own; DBOS has a schema of its own."""

PLANS = sa.Table(
    "plans",
    METADATA,
    sa.Column("repository", sa.Text, primary_key=True),
    sa.Column("plan", sa.Text, primary_key=True),
    sa.Column("issue", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("stages", sa.Text, nullable=False),
    sa.Column("seen", sa.Float, nullable=False),
)
LOOKS = sa.Table(
    "looks",
    METADATA,
    sa.Column("repository", sa.Text, primary_key=True),
    sa.Column("plan", sa.Text, primary_key=True),
    sa.Column("look", sa.Text, nullable=False),
)
PLACES = sa.Table(
    "places",
    METADATA,
    sa.Column("repository", sa.Text, primary_key=True),
    sa.Column("seen", sa.Text, nullable=False),
)
WORKERS = sa.Table(
    "workers",
    METADATA,
    sa.Column("executor", sa.Text, primary_key=True),
    sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
)
TURNS = sa.Table(
    "turns",
    METADATA,
    sa.Column("what", sa.Text, primary_key=True),
    sa.Column("next", sa.DateTime(timezone=True), nullable=False),
)
INBOX = sa.Table(
    "inbox",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("guid", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("received", sa.Float, nullable=False),
    sa.Column("taken", sa.DateTime(timezone=True)),
)
sa.Index("inbox_waiting", INBOX.c.id, postgresql_where=INBOX.c.taken.is_(None))

_SET_UP = 0x67656E65
"""Of the advisory lock that is held while tables are made."""


@dataclass(frozen=True)
class Database:
    """Open for this process."""

    url: str
    """For DBOS."""
    engine: sa.Engine
    """For the tables above."""
    shared: bool
    """Postgres, with several workers perhaps."""
    libpq: str = ""
    """The address of Postgres as its own clients take it; empty on SQLite."""

    def alive(self) -> bool:
        """Whether it answers."""
        try:
            with self.engine.connect() as connection:
                connection.execute(sa.select(1))
        except SQLAlchemyError:
            return False
        return True


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of the settings, and the state directory for this process alone.

    Two processes on one SQLite break the order within a plan (seen in 4 of 6 trials), and two
    on one state directory the mirrors of repositories. Raises `Busy` when another one is there,
    `Unusable` when the database does not answer.
    """
    folder = settings.state_dir / "server"
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        made = _postgres(settings) if settings.database_url is not None else _sqlite(folder)
        try:
            yield made
        finally:
            made.engine.dispose()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        lock = locked(folder)
        lock.__enter__()
    except Busy as error:
        raise Busy(
            f"another genesis serve uses {str(folder.parent)!r}",
            hint="stop it, or set GENESIS_STATE_DIR to a folder of its own",
        ) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _sqlite(folder: Path) -> Database:
    url = f"sqlite:///{folder / 'durable.sqlite'}"
    _write_ahead(folder / "durable.sqlite")
    path = folder / "known.sqlite"
    _write_ahead(path)
    engine = sa.create_engine(
        f"sqlite:///{path}", execution_options={"schema_translate_map": {"genesis": None}}
    )
    METADATA.create_all(engine, tables=[PLANS, LOOKS, PLACES])
    return Database(url, engine, shared=False)


def _postgres(settings: Settings) -> Database:
    assert settings.database_url is not None
    url = _address(settings.database_url.get_secret_value())
    engine = sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    try:
        with engine.begin() as connection:
            # Two workers that start at once would else make the same tables.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SET_UP)))
            connection.execute(sa.schema.CreateSchema("genesis", if_not_exists=True))
            METADATA.create_all(connection)
    except SQLAlchemyError as error:
        raise Unusable(
            f"the database does not answer: {type(error).__name__}",
            hint="look at GENESIS_DATABASE_URL and at the server's log",
        ) from error
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return Database(url.render_as_string(hide_password=False), engine, shared=True, libpq=plain)


def _address(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("postgresql", "postgres"):
        raise Unusable(
            "GENESIS_DATABASE_URL is no address of a Postgres",
            hint="postgresql://USER:PASSWORD@HOST/DATABASE",
        )
    return url.set(drivername="postgresql+psycopg")


def _write_ahead(path: Path) -> None:
    """DBOS does not set it, and it halves the time of an enqueue."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
    database.close()
