"""One turn of a job without a server: look where something moved, react, keep where we are.

A turn makes up for every delivery and every turn that was lost: what it looks at is what moved
since the last one that ended well, whoever has started it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.core.events import Hint
from bot.core.lifecycle.commands import Command
from bot.errors import OtpError, Transient
from bot.flows.react.config_watch import watch_branch, watch_pull
from bot.flows.react.loop import Reaction, Reactor
from bot.flows.react.post import Post
from bot.flows.survey.cursor import Cursor, Cursors
from bot.flows.survey.looks import Look, look_of
from bot.flows.survey.movement import Movement, Survey
from bot.github.client import Client

PATIENCE = 60.0
"""Seconds for which a turn stays for what is due soon; a job of its own takes as long to begin."""
PAUSE = 5.0
"""Seconds until a plan is looked at again that GitHub does not show yet as it was left."""
LONGEST_PAUSE = 60.0

log = structlog.get_logger()


@dataclass
class Looked:
    """What a turn did for one plan."""

    plan: str
    reaction: Reaction = field(default_factory=Reaction)
    """Of the last look."""
    done: list[Command] = field(default_factory=list)
    """In all looks; in a dry run what would have been done."""
    problem: str = ""
    """Why it could not be looked at."""


@dataclass
class Turn:
    """`hint` is what started the job, if that tells anything; `dry` changes nothing on GitHub."""

    post: Post
    client: Client
    hint: Hint | None = None
    patience: float = PATIENCE
    dry: bool = False
    sleep: Callable[[float], None] = time.sleep
    problems: list[str] = field(default_factory=list)
    """What could not be done and belongs to no plan."""
    _looks: dict[str, Look] = field(default_factory=dict)
    _looked: dict[str, Looked] = field(default_factory=dict)
    _tried: dict[str, int] = field(default_factory=dict)
    _missed: set[str] = field(default_factory=set)
    """Plans, and with an empty name the configuration, that GitHub did not let us look at now."""

    def take(self) -> tuple[Looked, ...]:
        """All of it; raises what GitHub says where nothing at all can be known."""
        post, client = self.post, self.client
        store, about = post.store(client), client.get(".")
        cursors = Cursors(store.repository, lambda write: post.remote(client, write=write))
        before = cursors.load()
        self._looks = dict(before.looks)
        survey = Survey(client, store, about, before.looks, before.seen, post.now())
        moved = survey.moved()
        if not self.dry:
            self._watch_config(moved)
        self._look_at(self._plans(moved))
        if not self.dry:
            # What was missed is heard of again only from where the turn before left off.
            seen = before.seen if self._missed else moved.seen
            cursors.save(Cursor(seen=seen, looks=self._looks))
        return tuple(self._looked.values())

    def _plans(self, moved: Movement) -> tuple[str, ...]:
        """What the job was started for comes first."""
        named = (self.hint.plan,) if self.hint is not None and self.hint.plan else ()
        return tuple(dict.fromkeys((*named, *moved.plans, *moved.later)))

    def _watch_config(self, moved: Movement) -> None:
        hint = self.hint
        pulls = dict.fromkeys((*((hint.pull,) if hint and hint.pull else ()), *moved.pulls))
        watches = [partial(watch_pull, self.post, self.client, pull) for pull in pulls]
        if moved.config or (hint is not None and hint.event == "push"):
            watches.insert(0, partial(watch_branch, self.post, self.client))
        for watch in watches:
            try:
                watch()
            except OtpError as error:
                if isinstance(error, Transient):
                    self._missed.add("")
                log.warning("config_not_watched", why=str(error))
                self.problems.append(f"the configuration: {error}")

    def _look_at(self, plans: tuple[str, ...]) -> None:
        due = {plan: self.post.now() for plan in plans}
        for plan in self._in_time(due):
            again = self._look(plan)
            if again is not None and not self.dry:
                due[plan] = again

    def _in_time(self, due: dict[str, datetime]) -> Iterator[str]:
        """One after the other when each is due, as long as we stay."""
        end = self.post.now() + timedelta(seconds=self.patience)
        while due:
            plan = min(due, key=lambda one: due[one])
            wait = (due[plan] - self.post.now()).total_seconds()
            if wait > 0:
                if due[plan] > end:
                    return
                self.sleep(wait)
            del due[plan]
            yield plan

    def _look(self, plan: str) -> datetime | None:
        """When it is worth looking again; None where only something new can change anything."""
        looked = self._looked.setdefault(plan, Looked(plan))
        # Until this has ended well, the next turn comes back to it.
        self._looks.pop(plan, None)
        self._missed.discard(plan)
        tried = self._tried[plan] = self._tried.get(plan, 0) + 1
        try:
            reaction = self._react(plan, looked)
        except Transient as error:
            log.info("try_again", plan=plan, why=str(error))
            looked.problem = str(error)
            self._missed.add(plan)
            wait = max(error.retry_after, min(2.0**tried, LONGEST_PAUSE))
            return self.post.now() + timedelta(seconds=wait)
        except OtpError as error:
            log.warning("gave_up", plan=plan, why=str(error))
            looked.problem = str(error)
            return None
        looked.reaction, looked.problem = reaction, ""
        if reaction.life is None or reaction.problems:
            # What GitHub refuses it refuses a moment later, too.
            return None
        if reaction.idle:
            self._looks[plan] = look_of(reaction.life, reaction.plan, reaction.look_again)
            return reaction.look_again
        pause = timedelta(seconds=min(PAUSE * 2.0 ** (tried - 1), LONGEST_PAUSE))
        return self.post.now() + pause

    def _react(self, plan: str, looked: Looked) -> Reaction:
        told = self.hint if self.hint is not None and self.hint.plan == plan else None
        if self.dry:
            return Reactor(self.post, self.client, plan, told, looked.done.append).react()
        reaction = Reactor(self.post, self.client, plan, told).react()
        looked.done += reaction.done
        return reaction
