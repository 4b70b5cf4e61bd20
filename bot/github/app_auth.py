"""Tokens of our App: one for each purpose, with the least rights, for one repository."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from githubkit import AppAuthStrategy, GitHub
from githubkit.cache import MemCacheStrategy
from pydantic import SecretStr

from bot.github.asking import GitHubSite, ask, configured
from bot.github.errors import GitHubError

Purpose = Literal["read", "issues", "pulls", "checks", "actions", "contents"]

PERMISSIONS: Mapping[Purpose, Mapping[str, str]] = {
    "read": {
        "actions": "read",
        "checks": "read",
        "contents": "read",
        "issues": "read",
        "metadata": "read",
        "pull_requests": "read",
        "statuses": "read",
    },
    "issues": {"issues": "write"},
    "pulls": {"contents": "read", "issues": "write", "pull_requests": "write"},
    "checks": {"checks": "write"},
    "actions": {"actions": "write"},
    "contents": {"contents": "write"},
}
"""What each kind of work needs, and no more."""

RENEWED_AFTER = 45 * 60.0
"""Seconds; tokens live an hour, and what begins late in it must still end in time."""


@dataclass(frozen=True)
class Credentials:
    """Who our App is."""

    app_id: int
    private_key: SecretStr


@dataclass(frozen=True)
class _Token:
    value: str
    minted: float


class App:
    """Our App at one GitHub; mints tokens and asks what only the App itself may ask."""

    def __init__(
        self,
        site: GitHubSite,
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.site, self.credentials, self._clock = site, credentials, clock
        key = credentials.private_key.get_secret_value()
        # The default cache is shared by all of a process, and its keys leave the site out.
        self._github = GitHub(
            AppAuthStrategy(credentials.app_id, key),
            config=configured(site, storage=MemCacheStrategy()),
        )
        self._tokens: dict[tuple[int, str, Purpose], _Token] = {}
        self._turns: dict[tuple[int, str, Purpose], threading.Lock] = {}
        self._turn = threading.Lock()

    def token(self, installation: int, repository: str, purpose: Purpose) -> str:
        """A token for `repository` (`owner/name`; empty: all of the installation).

        It is asked for once, whoever asks at that time.

        Raises `NotFound` when the App is not installed there, `NotAllowed` when it was not
        granted the rights.
        """
        key = (installation, repository, purpose)
        with self._turn:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            known = self._tokens.get(key)
            if known is None or self._clock() - known.minted > RENEWED_AFTER:
                known = _Token(self._mint(installation, repository, purpose), self._clock())
                self._tokens[key] = known
            return known.value

    def forget(self, token: str) -> None:
        """The token was refused: the next one asked for is a new one."""
        with self._turn:
            self._tokens = {k: t for k, t in self._tokens.items() if t.value != token}

    def close(self) -> None:
        """Revoke every token that is still good; failures are of no consequence in an hour."""
        with self._turn:
            tokens, self._tokens = tuple(self._tokens.values()), {}
        for token in tokens:
            github = GitHub(token.value, config=configured(self.site))
            try:
                ask(github, "DELETE", "/installation/token")
            except GitHubError:
                continue

    def get(self, path: str, **query: object) -> object:
        """Ask as the App itself: `/app`, `/app/installations`, `/app/hook/deliveries`, ..."""
        return ask(self._github, "GET", path, query=query)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> object:
        """Do something as the App itself."""
        return ask(self._github, "POST", path, body=body)

    def installation_of(self, repository: str) -> int:
        """Id of the installation that covers `repository`; raises `NotFound`."""
        found = self.get(f"/repos/{repository}/installation")
        assert isinstance(found, dict)
        return int(found["id"])

    def _mint(self, installation: int, repository: str, purpose: Purpose) -> str:
        name = repository.partition("/")[2]
        body: dict[str, object] = {"permissions": dict(PERMISSIONS[purpose])}
        if name:
            body["repositories"] = [name]
        made = self.post(f"/app/installations/{installation}/access_tokens", body)
        assert isinstance(made, dict)
        return str(made["token"])
