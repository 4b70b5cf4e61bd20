"""What one durable workflow does for one hint; plain functions, DBOS is in `engine`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.core.events import Hint
from bot.core.lifecycle.state import PlanLife
from bot.durable.database import Database
from bot.durable.known_plans import forget, remember
from bot.durable.looks import drop, looks, note, seen
from bot.durable.meters import Meters
from bot.durable.reacted import Reacted
from bot.errors import OtpError, Transient
from bot.flows.react.config_watch import watch_branch, watch_pull
from bot.flows.react.loop import Reaction, Reactor
from bot.flows.react.post import Post
from bot.flows.survey.looks import look_of
from bot.flows.survey.movement import Survey
from bot.github.client import Client
from bot.github.errors import NotFound
from bot.github.store import PLAN_ID

LONGEST_WAIT = 900.0
LEAST_WAIT = timedelta(seconds=10)
"""Until a plan is looked at again that says it should have been by now."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Reacting:
    """One try at a hint."""

    post: Post
    database: Database
    meters: Meters

    def __call__(self, hint: Hint, tried: int) -> Reacted:
        """Only what nobody expected is raised."""
        started = time.monotonic()
        with self._told(hint):
            try:
                reacted = self._reacted(hint, tried)
            except Exception:
                # A bug of ours: the workflow ends as failed, and the next sweep looks anew.
                self.meters.reactions.labels("crashed").inc()
                log.exception("reaction_crashed")
                raise
            seconds = time.monotonic() - started
            self.meters.seconds.observe(seconds)
            log.info("reacted", status=reacted.status, commands=reacted.commands, seconds=seconds)
            return reacted

    def _reacted(self, hint: Hint, tried: int) -> Reacted:
        try:
            match hint.scope:
                case "plan":
                    return self._plan(hint)
                case "config":
                    reacted = self._config(hint)
                    self.meters.reactions.labels("done").inc()
                    return reacted
                case _:
                    return self._spread(hint)
        except Transient as error:
            wait = min(max(error.retry_after, 2.0**tried), LONGEST_WAIT)
            log.info("try_again", why=str(error), wait=wait)
            self.meters.reactions.labels("again").inc()
            return Reacted(again_after=wait)
        except OtpError as error:
            log.warning("gave_up", why=str(error))
            self.meters.reactions.labels("refused").inc()
            return Reacted(status="refused", problems=(str(error),))

    @contextmanager
    def _told(self, hint: Hint) -> Iterator[None]:
        bound = {
            "delivery": hint.delivery,
            "event_name": hint.event,
            "installation": hint.installation,
            "repository": hint.repository,
            "plan": hint.plan,
        }
        with structlog.contextvars.bound_contextvars(**bound):
            yield

    def _plan(self, hint: Hint) -> Reacted:
        # Until this has ended well, sweeps come back to the plan.
        drop(self.database, hint.repository, hint.plan)
        with self._client(hint.installation, hint.repository) as client:
            # Nobody told us: then it is for GitHub to say whether somebody asked for a plan.
            told = hint if hint.event != "sweep" else None
            reaction = Reactor(self.post, client, hint.plan, told).react()
        if reaction.life is not None:
            self._remember(reaction.life, reaction)
        self._count(reaction)
        return Reacted(
            look_again=_iso(reaction.look_again, self.post.now()),
            status=reaction.life.status if reaction.life is not None else "",
            commands=len(reaction.done),
            problems=tuple(reaction.problems),
        )

    def _count(self, reaction: Reaction) -> None:
        for command in reaction.done:
            self.meters.commands.labels(getattr(command, "kind", "other")).inc()
        unsettled = not reaction.settled and reaction.life is not None
        if unsettled:
            # Too many rounds, or a command GitHub refuses: later, not at once and for ever.
            log.warning("not_settled", problems=reaction.problems)
        self.meters.reactions.labels("unsettled" if unsettled else "done").inc()

    def _remember(self, life: PlanLife, reaction: Reaction) -> None:
        try:
            remember(self.database, life)
            if reaction.formerly not in ("", life.repository):
                forget(self.database, reaction.formerly, life.plan)
            if reaction.idle:
                note(self.database, life, look_of(life, reaction.plan, reaction.look_again))
        except SQLAlchemyError as error:
            # Both can be worked out anew, and the next reaction writes them again.
            log.warning("plan_not_noted", why=type(error).__name__)

    def _config(self, hint: Hint) -> Reacted:
        """Tell whoever broke the configuration; the plans learn of it by themselves."""
        with self._client(hint.installation, hint.repository) as client:
            if hint.pull:
                problems = watch_pull(self.post, client, hint.pull)
            else:
                problems = watch_branch(self.post, client)
        return Reacted(status="broken" if problems else "")

    def _pushed(self, hint: Hint) -> None:
        try:
            self._config(hint)
        except Transient:
            raise
        except OtpError as error:
            # The plans have to hear of the push all the same.
            log.warning("config_not_watched", why=str(error))

    def _spread(self, hint: Hint) -> Reacted:
        """The repositories of an installation, or the plans of a repository."""
        self.meters.reactions.labels("done").inc()
        if hint.scope == "installation":
            return Reacted(repositories=self._repositories(hint.installation))
        if hint.event == "push":
            self._pushed(hint)
        with self._client(hint.installation, hint.repository) as client:
            found = self._after_push(client) if hint.event == "push" else self._plans(client)
            return Reacted(plans=tuple(f"{hint.repository}#{plan}" for plan in found))

    def _repositories(self, installation: int) -> tuple[tuple[int, str], ...]:
        try:
            listed = list(self.post.repositories(installation))
        except NotFound:
            # The App was taken away: its plans are found orphaned at the next sweep.
            return ()
        return tuple((int(one["id"]), str(one["full_name"])) for one in listed)

    def _plans(self, client: Client) -> tuple[str, ...]:
        tips = self.post.store(client).tips()
        return tuple(plan for plan in sorted(tips) if PLAN_ID.match(plan))

    def _after_push(self, client: Client) -> tuple[str, ...]:
        name, about, store = client.full_name, client.get("."), self.post.store(client)
        known, before = looks(self.database, name), seen(self.database, name)
        return Survey(client, store, about, known, before, self.post.now()).pushed()

    def _client(self, installation: int, repository: str) -> Client:
        found = installation or self.post.app.installation_of(repository)
        return self.post.client(found, repository)


def _iso(moment: datetime | None, now: datetime) -> str:
    return max(moment, now + LEAST_WAIT).isoformat() if moment is not None else ""
