"""Who we are at one GitHub, and what this process remembers of it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pydantic import SecretStr

from bot.github.answers import Answers
from bot.github.asking import GitHubSite
from bot.github.memory import Memory
from bot.github.purposes import Purpose
from bot.github.rights import Lacking


class Identity(ABC):
    """An App with tokens for each purpose, or a job with the one it was given.

    Shared by all threads, so it also holds what this process remembers of that GitHub.
    """

    def __init__(self, site: GitHubSite, app_id: int, sealing_key: SecretStr) -> None:
        self.site, self.app_id, self.sealing_key = site, app_id, sealing_key
        self.unchanging = Memory(4096)
        """What can never be otherwise, as who wrote what stands between two commits."""
        self.bulky = Memory(128)
        """The same, for what takes room: the log of a job, the comparison of two commits."""
        self.answers = Answers(48 * 1024 * 1024)
        """What GitHub answered, to ask whether it is still so."""
        self.made = Memory(4096, life=120.0)
        """What was there or was made a moment ago, for lists of GitHub lag behind."""
        self.lacks = Memory(256, life=3600.0)
        """What this server, or a repository, turned out not to have."""
        self.refused = Memory(256, life=3600.0)
        """What GitHub does not do for a stage, in its words."""

    @abstractmethod
    def token(self, installation: int, repository: str, purpose: Purpose) -> str:
        """A token that is good for `purpose` in `repository`."""

    @abstractmethod
    def forget(self, token: str) -> None:
        """The token was refused: the next one asked for is a new one, if there can be one."""

    @abstractmethod
    def installation_of(self, repository: str) -> int:
        """Id of the installation that covers `repository`, 0 where there are none."""

    def lacking(self, installation: int) -> Lacking | None:
        """What we need and were not granted there; None where that is nothing, or not known."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Nothing more will be asked."""
