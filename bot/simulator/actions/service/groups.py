"""Concurrency groups: one runs, one waits, a newer one takes the place of the one that waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Key = tuple[int, str]
"""Repository id and the group's name, which ignores case."""


@dataclass
class Member:
    cancel: Callable[[], None]
    turn: asyncio.Future[bool]
    """Whether its turn has come; False: a newer one took its place."""


@dataclass
class Group:
    running: Member
    waiting: Member | None = None


@dataclass
class Groups:
    """Runs and jobs share the groups of their repository."""

    groups: dict[Key, Group] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(
        self,
        key: Key,
        cancel_in_progress: bool,
        cancel: Callable[[], None],
        waits: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[bool]:
        """`waits` is called when the turn does not come at once."""
        member = Member(cancel, asyncio.get_running_loop().create_future())
        self._enter(key, member, cancel_in_progress)
        if not member.turn.done():
            waits()
        try:
            yield await member.turn
        finally:
            self._leave(key, member)

    def _enter(self, key: Key, member: Member, cancel_in_progress: bool) -> None:
        group = self.groups.get(key)
        if group is None:
            self.groups[key] = Group(member)
            member.turn.set_result(True)
            return
        superseded, group.waiting = group.waiting, member
        if superseded is not None and not superseded.turn.done():
            superseded.turn.set_result(False)
        if cancel_in_progress:
            group.running.cancel()

    def _leave(self, key: Key, member: Member) -> None:
        group = self.groups.get(key)
        if group is None:
            return
        if group.waiting is member:
            group.waiting = None
        elif group.running is member:
            heir = group.waiting
            if heir is None or heir.turn.done():
                del self.groups[key]
                return
            group.running, group.waiting = heir, None
            heir.turn.set_result(True)
