"""Tokens of our App: one for each purpose, with the least rights, for one repository."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from githubkit import AppAuthStrategy, GitHub
from githubkit.cache import MemCacheStrategy
from pydantic import SecretStr

from bot.errors import Transient
from bot.github.asking import (
    MOST_PAGES,
    PAGE,
    GitHubSite,
    ask,
    configured,
    json_of,
    next_page,
    send,
)
from bot.github.errors import GitHubError, NotFound, NotGranted, Rejected
from bot.github.identity import Identity
from bot.github.memory import Memory
from bot.github.purposes import PERMISSIONS, Purpose
from bot.github.rights import Lacking, lacking, rights_key, within

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


class App(Identity):
    """Our App at one GitHub; mints tokens and asks what only the App itself may ask."""

    def __init__(
        self,
        site: GitHubSite,
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(site, credentials.app_id, credentials.private_key)
        self.credentials, self._clock = credentials, clock
        key = credentials.private_key.get_secret_value()
        # The default cache is shared by all of a process, and its keys leave the site out.
        self._github = GitHub(
            AppAuthStrategy(credentials.app_id, key),
            config=configured(site, storage=MemCacheStrategy()),
        )
        self._tokens: dict[tuple[int, str, Purpose], _Token] = {}
        self._lock = threading.Lock()
        self._minting = Memory(0)

    def token(self, installation: int, repository: str, purpose: Purpose) -> str:
        """A token for `repository`; for `list` it is empty, and all of the installation is meant.

        It is asked for once, whoever asks at that time. What is only to be read can be read as far
        as it was granted, so that people can be told what is lacking.

        Raises `NotFound` when the App is not installed there, `Suspended` when it may do nothing,
        `NotGranted` when it was not granted the rights.
        """
        key = (installation, repository, purpose)
        with self._minting.turn(key):
            known = self._tokens.get(key)
            if known is None or self._clock() - known.minted > RENEWED_AFTER:
                began = self._clock()
                value, whole = self._mint(installation, repository, purpose)
                known = _Token(value, began)
                if whole:
                    with self._lock:
                        self._tokens[key] = known
            return known.value

    def forget(self, token: str) -> None:
        """The token was refused: the next one asked for is a new one."""
        with self._lock:
            self._tokens = {k: t for k, t in self._tokens.items() if t.value != token}

    def close(self) -> None:
        """Revoke every token that is still good; failures are of no consequence in an hour."""
        with self._lock:
            tokens, self._tokens = tuple(self._tokens.values()), {}
        for token in tokens:
            github = GitHub(token.value, config=configured(self.site))
            try:
                ask(github, "DELETE", "/installation/token", repeatable=False)
            except (GitHubError, Transient):
                continue

    def get(self, path: str, **query: object) -> object:
        """Ask as the App itself: `/app`, `/app/installations`, `/app/hook/deliveries`, ..."""
        return ask(self._github, "GET", path, query=query)

    def pages(self, path: str) -> Iterator[Any]:
        """Every entry of a list that only the App itself may see, page by page."""
        where: str | None = path
        query: dict[str, object] = {"per_page": PAGE}
        for _ in range(MOST_PAGES):
            if where is None:
                return
            answer = send(self._github, "GET", where, query=query)
            yield from json_of(answer)
            where, query = next_page(answer, self.site), {}

    def post(self, path: str, body: Mapping[str, object] | None = None) -> object:
        """Do something as the App itself."""
        return ask(self._github, "POST", path, body=body)

    def installation_of(self, repository: str) -> int:
        """Id of the installation that covers `repository`; raises `NotFound`."""
        found = self.get(f"/repos/{repository}/installation")
        assert isinstance(found, dict)
        return int(found["id"])

    def lacking(self, installation: int) -> Lacking | None:
        """Asked again after a while where nothing was lacking, else each time."""
        key = rights_key(installation)
        if self.made.get(key):
            return None
        try:
            found = lacking(self._installation(installation))
        except GitHubError:
            # Taken away, or suspended: whoever goes on finds that out.
            return None
        if found is None:
            self.made.put(key, True)
            return None
        with self._lock:
            # They may have lost rights, and would not get them back.
            self._tokens = {k: t for k, t in self._tokens.items() if k[0] != installation}
        return found

    def _installation(self, installation: int) -> Mapping[str, Any]:
        found: Mapping[str, Any] = ask(self._github, "GET", f"/app/installations/{installation}")
        return found

    def _mint(self, installation: int, repository: str, purpose: Purpose) -> tuple[str, bool]:
        """A token, and whether it has all the rights that it is for."""
        wanted = PERMISSIONS[purpose]
        try:
            return self._minted(installation, repository, purpose, wanted), True
        except NotGranted:
            self.made.forget(rights_key(installation))
            if purpose != "read":
                raise
        wanted = within(wanted, self._installation(installation))
        return self._minted(installation, repository, purpose, wanted), False

    def _minted(
        self, installation: int, repository: str, purpose: Purpose, wanted: Mapping[str, str]
    ) -> str:
        body: dict[str, object] = {"permissions": dict(wanted)}
        if purpose != "list":
            # An empty list would mean every repository, and so a token for all of them.
            name = repository.partition("/")[2]
            if not name:
                raise NotFound(f"{repository!r} is no repository", status=404)
            body["repositories"] = [name]
        where = f"/app/installations/{installation}/access_tokens"
        try:
            # A token more is no harm, one that is lost expires by itself.
            made = ask(self._github, "POST", where, body=body, repeatable=True)
        except Rejected as error:
            if "permission" in error.message:
                hint = "an owner has to accept the App's permissions: docs/permissions.md"
                raise NotGranted(error.message, status=403, hint=hint) from error
            raise NotFound(error.message, status=404) from error
        return str(made["token"])
