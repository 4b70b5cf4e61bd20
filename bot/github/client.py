"""One repository on GitHub as our App sees it: reading, writing, paging, downloads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Self, TypeVar

from githubkit import GitHub, TokenAuthStrategy

from bot.github.asking import (
    MOST_PAGES,
    PAGE,
    ask,
    configured,
    json_of,
    next_page,
    send,
)
from bot.github.downloads import downloading
from bot.github.errors import NotAllowed, NotFound, RateLimited
from bot.github.graph import data_of
from bot.github.identity import Identity
from bot.github.pacing import Pace
from bot.github.purposes import Purpose

LATE = (1.0, 2.0, 4.0)
"""Seconds after which what a delivery names is looked for again: it may come too early."""

T = TypeVar("T")


class Client:
    """The repository `full_name` through one installation.

    Paths are relative to the repository where they begin with a dot (`./issues`). Everything
    raises what `bot.github.errors` has; a token that was refused is replaced once. For one thread;
    inside `with` connections are kept, outside each call makes its own. With an empty name it can
    only list what the installation covers.
    """

    def __init__(
        self,
        app: Identity,
        installation: int,
        full_name: str,
        pace: Pace,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.app, self.installation, self.full_name = app, installation, full_name
        self._pace, self._sleep = pace, sleep
        self._kept: ExitStack | None = None
        self._connected: dict[str, GitHub[TokenAuthStrategy]] = {}
        self._given_up: set[str] = set()

    def __enter__(self) -> Self:
        self._kept = ExitStack()
        return self

    def __exit__(self, *raised: object) -> None:
        kept, self._kept, self._connected = self._kept, None, {}
        if kept is not None:
            kept.close()

    def get(self, path: str, /, **query: object) -> Any:
        """The JSON at `path`."""
        return self._read(self._path(path), query)[0]

    def find(self, path: str, /, **query: object) -> Any:
        """The JSON at `path`, None where there is nothing."""
        try:
            return self.get(path, **query)
        except NotFound:
            return None

    def find_new(self, path: str) -> Any:
        """As `find`, for what was just made: where there is nothing it looks again for a while.

        Once for each path: after that it is believed.
        """
        waits = () if path in self._given_up else LATE
        for wait in waits:
            found = self.find(path)
            if found is not None:
                return found
            self._sleep(wait)
        self._given_up.add(path)
        return self.find(path)

    def pages(self, path: str, /, *, key: str = "", **query: object) -> Iterator[Any]:
        """Every entry of a list, page by page; `key` names the list where an object wraps it."""
        asked: dict[str, object] = {"per_page": PAGE, **query}
        where: str | None = self._path(path)
        for _ in range(MOST_PAGES):
            if where is None:
                return
            body, onward = self._read(where, asked)
            yield from (body[key] if key else body)
            # What follows is a full address with the query in it.
            where, asked = onward, {}

    def post(
        self, purpose: Purpose, path: str, body: Mapping[str, object], *, creates: bool = True
    ) -> Any:
        """Create something, at GitHub's pace; `creates` is false for what makes no content."""
        if creates:
            self._pace.wait()
        return self._write(purpose, "POST", path, body)

    def patch(
        self, purpose: Purpose, path: str, body: Mapping[str, object], *, repeatable: bool = True
    ) -> Any:
        """Change something; `repeatable` is false where doing it twice adds something twice."""
        return self._write(purpose, "PATCH", path, body, repeatable=repeatable)

    def put(self, purpose: Purpose, path: str, body: Mapping[str, object]) -> Any:
        """Set something."""
        return self._write(purpose, "PUT", path, body)

    def delete(self, purpose: Purpose, path: str) -> None:
        """Remove something; what is gone already is no error."""
        try:
            self._write(purpose, "DELETE", path, None)
        except NotFound:
            return

    def query(self, query: str, variables: Mapping[str, object]) -> Any:
        """The `data` GraphQL gives; raises `Unsupported` for fields this server has not."""
        return self._graphql("read", query, variables, repeatable=True)

    def mutate(self, purpose: Purpose, query: str, variables: Mapping[str, object]) -> Any:
        """Change something by GraphQL."""
        return self._graphql(purpose, query, variables, repeatable=False)

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        """The bytes behind `path`, which GitHub answers with a link to elsewhere.

        The link is followed without our token: it is signed, and its host is not GitHub's API.
        """
        answer = self._with(
            "read", lambda github: send(github, "GET", self._path(path), follow=False)
        )
        link = answer.headers.get("location", "")
        if not answer.has_redirect_location:
            raise NotFound(f"GET {path}: no link to a download", status=answer.status_code)
        with downloading(link, f"GET {path}") as pieces:
            yield pieces

    def git_token(self, purpose: Purpose) -> str:
        """A token for git over HTTP: `read` to fetch, `contents` to push."""
        return self._token(purpose)

    def _write(
        self,
        purpose: Purpose,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        repeatable: bool | None = None,
    ) -> Any:
        def work(github: GitHub[TokenAuthStrategy]) -> Any:
            return ask(github, method, self._path(path), body=body, repeatable=repeatable)

        return self._with(purpose, work)

    def _graphql(
        self, purpose: Purpose, query: str, variables: Mapping[str, object], *, repeatable: bool
    ) -> Any:
        body = {"query": query, "variables": dict(variables)}
        where = self.app.site.graphql

        def work(github: GitHub[TokenAuthStrategy]) -> Any:
            return data_of(ask(github, "POST", where, body=body, repeatable=repeatable))

        return self._with(purpose, work)

    def _read(self, where: str, query: Mapping[str, object]) -> tuple[Any, str | None]:
        """The JSON there, and where a list goes on; GitHub says whether it is what it was."""
        key = (where, *sorted((name, str(value)) for name, value in query.items()))
        known = self.app.answers.get(key)
        etag = known.etag if known is not None else ""
        answer = self._with(
            "read", lambda github: send(github, "GET", where, query=query, etag=etag)
        )
        if known is not None and answer.status_code == 304:
            return known.value(), known.onward
        found, onward = json_of(answer), next_page(answer, self.app.site)
        if found is not None:
            self.app.answers.put(key, answer.headers.get("etag", ""), answer.content, onward)
        return found, onward

    def _path(self, path: str) -> str:
        return f"/repos/{self.full_name}{path[1:]}" if path.startswith(".") else path

    def _with(self, purpose: Purpose, work: Callable[[GitHub[TokenAuthStrategy]], T]) -> T:
        self._pace.rested()
        try:
            return self._once_more(purpose, work)
        except RateLimited as error:
            self._pace.rest(error.retry_after)
            raise

    def _once_more(self, purpose: Purpose, work: Callable[[GitHub[TokenAuthStrategy]], T]) -> T:
        token = self._token(purpose)
        try:
            return work(self._github(token))
        except NotAllowed as error:
            if error.status != 401:
                raise
        # Refused before anything was done: even a creation can be sent again.
        self.app.forget(token)
        return work(self._github(self._token(purpose)))

    def _token(self, purpose: Purpose) -> str:
        if not self.full_name:
            return self.app.token(self.installation, "", "list")
        try:
            return self.app.token(self.installation, self.full_name, purpose)
        except NotFound:
            name = self._newer_name()
            if name in ("", self.full_name):
                raise
            self.full_name = name
        return self.app.token(self.installation, self.full_name, purpose)

    def _newer_name(self) -> str:
        """What the repository is called now; empty where the installation does not cover it."""
        token = self.app.token(self.installation, "", "list")
        try:
            about = ask(self._github(token), "GET", self._path("."))
        except NotFound:
            return ""
        return str(about["full_name"])

    def _github(self, token: str) -> GitHub[TokenAuthStrategy]:
        known = self._connected.get(token)
        if known is not None:
            return known
        made = GitHub(TokenAuthStrategy(token), config=configured(self.app.site))
        if self._kept is not None:
            self._connected[token] = self._kept.enter_context(made)
        return made
