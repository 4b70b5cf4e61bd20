"""The plans that the App cannot reach any more: it was uninstalled, suspended, or kept out.

Their records cannot be written then, so it is noted here alone; once they can be reached again, a
look at each tells how it stands.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from bot.core.lifecycle.presence import GONE, SUSPENDED
from bot.durable.database import LOOKS, PLACES, PLANS, Database
from bot.errors import OtpError
from bot.flows.react.post import Post
from bot.github.errors import NotFound

log = structlog.get_logger()


@dataclass(frozen=True)
class Lost:
    """Repositories of plans that no installation lists."""

    post: Post
    database: Database

    def note(self, reached: Collection[str]) -> None:
        """Say of each plan why it cannot be reached; `reached` are all that can be."""
        with self.database.engine.connect() as connection:
            query = sa.select(PLANS.c.repository).where(PLANS.c.reason != GONE.reason).distinct()
            known = set(connection.scalars(query))
        for repository in sorted(known - set(reached)):
            try:
                self._note(repository)
            except OtpError as error:
                log.warning("reach_unknown", repository=repository, why=str(error))

    def _note(self, repository: str) -> None:
        try:
            installation = self.post.as_app.get(f"/repos/{repository}/installation")
        except NotFound:
            self._hold(repository, GONE.status, GONE.reason)
            return
        assert isinstance(installation, dict)
        # One that is not suspended has another name, and a look at a plan there takes it over.
        if installation["suspended_at"] is not None:
            self._hold(repository, SUSPENDED.status, SUSPENDED.reason)

    def _hold(self, repository: str, status: str, reason: str) -> None:
        held = sa.update(PLANS).where(PLANS.c.repository == repository)
        with self.database.engine.begin() as connection:
            moved = connection.execute(
                held.where(PLANS.c.reason != reason).values(status=status, reason=reason)
            ).rowcount
            for table in (LOOKS, PLACES):
                connection.execute(sa.delete(table).where(table.c.repository == repository))
        if moved:
            log.warning("plans_out_of_reach", repository=repository, plans=moved, why=reason)
