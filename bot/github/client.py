"""One repository on GitHub as our App sees it: reading, writing, paging, downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
from githubkit import GitHub, TokenAuthStrategy

from bot.errors import Refused, Unreachable
from bot.github.app_auth import App, Purpose
from bot.github.asking import TIMEOUT, ask, configured, json_of, send
from bot.github.errors import NotAllowed, NotFound, Rejected
from bot.github.pacing import Pace

PAGE = 100
MOST_PAGES = 50
"""5,000 entries: a list that is longer is not one of ours."""

T = TypeVar("T")


class Client:
    """The repository `full_name` through one installation.

    Paths are relative to the repository where they begin with a dot (`./issues`). Everything
    raises what `bot.github.errors` has; a token that was refused is replaced once. For one thread;
    inside `with` connections are kept, outside each call makes its own.
    """

    def __init__(self, app: App, installation: int, full_name: str, pace: Pace) -> None:
        self.app, self.installation, self.full_name = app, installation, full_name
        self._pace = pace
        self._kept: ExitStack | None = None
        self._connected: dict[str, GitHub[TokenAuthStrategy]] = {}

    def __enter__(self) -> Self:
        self._kept = ExitStack()
        return self

    def __exit__(self, *raised: object) -> None:
        kept, self._kept, self._connected = self._kept, None, {}
        if kept is not None:
            kept.close()

    def get(self, path: str, **query: object) -> Any:
        """The JSON at `path`."""
        return self._with("read", lambda github: ask(github, "GET", self._path(path), query=query))

    def find(self, path: str, **query: object) -> Any:
        """The JSON at `path`, None where there is nothing."""
        try:
            return self.get(path, **query)
        except NotFound:
            return None

    def pages(self, path: str, *, key: str = "", **query: object) -> Iterator[Any]:
        """Every entry of a list, page by page; `key` names the list where an object wraps it."""
        asked: dict[str, object] = {"per_page": PAGE, **query}
        where: str | None = self._path(path)
        for _ in range(MOST_PAGES):
            if where is None:
                return
            answer = self._page(where, asked)
            body = json_of(answer)
            yield from (body[key] if key else body)
            # What follows is a full address with the query in it.
            where, asked = _next(answer, self.app.site.api), {}

    def post(
        self, purpose: Purpose, path: str, body: Mapping[str, object], *, creates: bool = True
    ) -> Any:
        """Create something, at GitHub's pace; `creates` is false for what makes no content."""
        if creates:
            self._pace.wait()
        return self._write(purpose, "POST", path, body)

    def patch(self, purpose: Purpose, path: str, body: Mapping[str, object]) -> Any:
        """Change something."""
        return self._write(purpose, "PATCH", path, body)

    def put(self, purpose: Purpose, path: str, body: Mapping[str, object]) -> Any:
        """Set something."""
        return self._write(purpose, "PUT", path, body)

    def delete(self, purpose: Purpose, path: str) -> None:
        """Remove something; what is gone already is no error."""
        try:
            self._write(purpose, "DELETE", path, None)
        except NotFound:
            return

    def graphql(self, purpose: Purpose, query: str, variables: Mapping[str, object]) -> Any:
        """The `data` of an answer; raises `Rejected` with GitHub's words when it has errors."""
        body = {"query": query, "variables": dict(variables)}
        where = self.app.site.graphql
        found = self._with(purpose, lambda github: ask(github, "POST", where, body=body))
        if errors := found.get("errors"):
            words = tuple(str(e.get("message", "")) for e in errors[:10])
            raise Rejected(f"GraphQL: {'; '.join(words)}", status=422, details=words)
        return found["data"]

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        """The bytes behind `path`, which GitHub answers with a link to elsewhere.

        The link is followed without our token: it is signed, and its host is not GitHub's API.
        """
        answer = send(self._unfollowing(), "GET", self._path(path))
        link = answer.headers.get("location", "")
        if answer.status_code not in (301, 302, 303, 307, 308) or not _is_web(link):
            raise NotFound(f"GET {path}: no link to a download", status=answer.status_code)
        try:
            with (
                httpx.Client(timeout=TIMEOUT, follow_redirects=False) as plain,
                plain.stream("GET", link) as stream,
            ):
                if stream.status_code != 200:
                    raise NotFound(f"download of {path}", status=stream.status_code)
                yield stream.iter_bytes(65_536)
        except httpx.HTTPError as error:
            raise Unreachable(f"download of {path}: {type(error).__name__}") from error

    def git_token(self, purpose: Purpose) -> str:
        """A token for git over HTTP: `read` to fetch, `contents` to push."""
        return self.app.token(self.installation, self.full_name, purpose)

    def _write(
        self, purpose: Purpose, method: str, path: str, body: Mapping[str, object] | None
    ) -> Any:
        return self._with(purpose, lambda github: ask(github, method, self._path(path), body=body))

    def _page(self, where: str, asked: Mapping[str, object]) -> httpx.Response:
        return self._with("read", lambda github: send(github, "GET", where, query=asked))

    def _path(self, path: str) -> str:
        return f"/repos/{self.full_name}{path[1:]}" if path.startswith(".") else path

    def _with(self, purpose: Purpose, work: Callable[[GitHub[TokenAuthStrategy]], T]) -> T:
        token = self.app.token(self.installation, self.full_name, purpose)
        try:
            return work(self._github(token))
        except NotAllowed as error:
            if error.status != 401:
                raise
        # Refused before anything was done: even a creation can be sent again.
        self.app.forget(token)
        return work(self._github(self.app.token(self.installation, self.full_name, purpose)))

    def _unfollowing(self) -> GitHub[TokenAuthStrategy]:
        token = self.app.token(self.installation, self.full_name, "read")
        return GitHub(TokenAuthStrategy(token), config=configured(self.app.site, follow=False))

    def _github(self, token: str) -> GitHub[TokenAuthStrategy]:
        known = self._connected.get(token)
        if known is not None:
            return known
        made = GitHub(TokenAuthStrategy(token), config=configured(self.app.site))
        if self._kept is not None:
            self._connected[token] = self._kept.enter_context(made)
        return made


def _next(answer: httpx.Response, api: str) -> str | None:
    link = answer.links.get("next", {}).get("url")
    if link is None:
        return None
    if urlsplit(link).netloc != urlsplit(api).netloc:
        raise Refused("the next page of a list is said to be on another host")
    return str(link)


def _is_web(link: str) -> bool:
    return urlsplit(link).scheme in ("http", "https") and bool(urlsplit(link).hostname)
