"""What one durable workflow does for one hint; plain functions, DBOS is in `engine`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.core.events import Hint
from bot.errors import OtpError, Transient
from bot.flows.react.loop import Reactor
from bot.flows.react.post import Post
from bot.github.errors import NotFound
from bot.github.store import PLAN_ID

MOST_TRIES = 8
"""Tries at one hint; the waits between them grow to a quarter of an hour."""
LONGEST_WAIT = 900.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Reacted:
    """How one try ended, in JSON's types: it is kept in the database."""

    again_after: float | None = None
    """Seconds until it is worth trying again; None when it is done."""
    look_again: str = ""
    """ISO time at which to look even if nothing is heard; empty for none."""
    status: str = ""
    commands: int = 0
    problems: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    """Further plans to look at, where the hint was about more than one."""


def react_once(post: Post, hint: Hint, tried: int) -> Reacted:
    """One try at a hint; only what nobody expected is raised."""
    bound = {"delivery": hint.delivery, "repository": hint.repository, "plan": hint.plan}
    with structlog.contextvars.bound_contextvars(**bound):
        try:
            if hint.scope == "plan":
                return _plan(post, hint)
            return _spread(post, hint)
        except Transient as error:
            wait = min(max(error.retry_after, 2.0**tried), LONGEST_WAIT)
            log.info("try_again", why=str(error), seconds=wait)
            return Reacted(again_after=wait)
        except OtpError as error:
            log.warning("gave_up", why=str(error))
            return Reacted(status="refused", problems=(str(error),))


def _plan(post: Post, hint: Hint) -> Reacted:
    installation = hint.installation or post.app.installation_of(hint.repository)
    with post.client(installation, hint.repository) as client:
        reaction = Reactor(post, client, hint.plan, hint).react()
    if not reaction.settled and reaction.life is not None:
        # Too many rounds, or a command GitHub refuses: later, not at once and for ever.
        log.warning("not_settled", problems=reaction.problems)
    return Reacted(
        look_again=_iso(reaction.look_again),
        status=reaction.life.status if reaction.life is not None else "",
        commands=len(reaction.done),
        problems=tuple(reaction.problems),
    )


def _spread(post: Post, hint: Hint) -> Reacted:
    """Plans of a repository, or of all repositories of an installation, as `owner/name#plan`."""
    if hint.scope == "repository":
        return Reacted(plans=tuple(_plans(post, hint.installation, hint.repository)))
    try:
        names = tuple(post.repositories(hint.installation))
    except NotFound:
        # The App was taken away: its plans are found orphaned at the next sweep.
        names = ()
    found = (plan for name in names for plan in _plans(post, hint.installation, name))
    return Reacted(plans=tuple(found))


def _plans(post: Post, installation: int, repository: str) -> list[str]:
    with post.client(installation, repository) as client:
        tips = post.store(client).tips()
    return [f"{repository}#{plan}" for plan in sorted(tips) if PLAN_ID.match(plan)]


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""
