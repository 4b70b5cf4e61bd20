"""What git over HTTP asks of the rest: who may come in, and what became of a push."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.simulator.git.objects import RefChange
from bot.simulator.git.policy import PushPolicy
from bot.simulator.git.repository import BareRepository


class Denied(Exception):
    """`message` is what git shows behind `remote:`; `challenge` asks for credentials (401)."""

    def __init__(self, status: int, message: str, challenge: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.challenge = challenge


@dataclass(frozen=True)
class Admission:
    """`actor` is whatever the gate wants back in `pushed`."""

    repository: BareRepository
    actor: object
    policy: PushPolicy = field(default_factory=PushPolicy)


class Gate(Protocol):
    """The server's side of the door."""

    async def admit(
        self, owner: str, name: str, service: str, credentials: tuple[str, str] | None
    ) -> Admission:
        """Raises Denied. `service` is git-upload-pack or git-receive-pack; `name` has no `.git`.

        Credentials are (user, password) of HTTP Basic; the user is empty for a bare token.
        """
        ...

    async def pushed(self, admission: Admission, changes: Sequence[RefChange]) -> None:
        """Called with the lock of `writing()` held, also when the client is gone meanwhile."""
        ...
