"""One request to GitHub through githubkit: what is tried again, and what each refusal means."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from githubkit import GitHub
from githubkit.cache import BaseCacheStrategy
from githubkit.config import Config, get_config
from githubkit.exception import GitHubException, RateLimitExceeded, RequestFailed

from bot.core.sanitize import one_line
from bot.errors import Refused, Unreachable
from bot.github.errors import (
    GitHubError,
    NotAllowed,
    NotFound,
    RateLimited,
    Rejected,
    Suspended,
)
from bot.github.tally import TALLY

API_VERSION = "2022-11-28"
"""Sent with every request; github.com and GHES 3.17 and later know it."""

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
PATIENCE = 5.0
"""Seconds; longer waits are the durable workflow's, which survives a restart."""

PAGE = 100
MOST_PAGES = 50
"""5,000 entries: a list that is longer is not one of ours."""

_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
"""Sent again after 5xx or silence; a POST may have been carried out."""
_TRIES = 3
_SHOWN = 300
_MOST_HOPS = 3


@dataclass(frozen=True)
class GitHubSite:
    """Which GitHub: addresses of its API and of its pages, without a slash at the end."""

    api: str = "https://api.github.com"
    web: str = "https://github.com"

    @property
    def graphql(self) -> str:
        """Where GraphQL is asked; on GHES it is not below the REST address."""
        return f"{self.api.removesuffix('/v3')}/graphql"


@cache
def trusted() -> ssl.SSLContext:
    """Read once: loading the certificates takes longer than a call."""
    return httpx.create_ssl_context()


def configured(site: GitHubSite, *, storage: BaseCacheStrategy | None = None) -> Config:
    """How githubkit is used here: timeouts, no cache; trying again and redirects are ours."""
    return get_config(
        base_url=site.api,
        user_agent="otp-genesis",
        follow_redirects=False,
        timeout=TIMEOUT,
        ssl_verify=trusted(),
        trust_env=True,
        cache_strategy=storage,
        http_cache=False,
        auto_retry=False,
    )


def ask(
    github: GitHub[Any],
    method: str,
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    query: Mapping[str, object] | None = None,
    repeatable: bool | None = None,
) -> Any:
    """The JSON of the answer, None where there is none; raises what `bot.github.errors` has."""
    return json_of(send(github, method, path, body=body, query=query, repeatable=repeatable))


def send(
    github: GitHub[Any],
    method: str,
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    query: Mapping[str, object] | None = None,
    repeatable: bool | None = None,
    follow: bool = True,
    etag: str = "",
) -> httpx.Response:
    """The whole answer; raises what `bot.github.errors` has.

    `repeatable` says whether it may be sent again after 5xx or silence, where the method does not.
    What was renamed or transferred answers with a redirect, which `follow` follows. With `etag`
    what is still the same answers 304.
    """
    wanted = {name: str(value) for name, value in (query or {}).items() if value is not None}
    if repeatable is None:
        repeatable = method in _REPEATABLE
    headers = {"X-GitHub-Api-Version": API_VERSION} | ({"If-None-Match": etag} if etag else {})
    for _ in range(_MOST_HOPS):
        answer = _tried(github, method, path, body, wanted, headers, repeatable)
        if not follow or not answer.has_redirect_location:
            return answer
        path, wanted = _onward(answer), {}
    raise GitHubError(f"{method} {path}: redirected for ever", status=answer.status_code)


def _tried(
    github: GitHub[Any],
    method: str,
    path: str,
    body: Mapping[str, object] | None,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    repeatable: bool,
) -> httpx.Response:
    tried = 0
    while True:
        try:
            answer = github.request(
                method,
                path,
                params=dict(query) or None,
                json=dict(body) if body is not None else None,
                headers=dict(headers),
            ).raw_response
            TALLY.note(answer)
            return answer
        except GitHubException as error:
            TALLY.note(error.response.raw_response if isinstance(error, RequestFailed) else None)
            pause = _pause(error, tried, repeatable)
            if pause is None:
                raise _meaning(error, f"{method} {path}") from error
        except ValueError as error:
            # githubkit reads Retry-After as seconds; a proxy between us may say a date.
            raise RateLimited(f"{method} {path}: unclear answer", retry_after=60.0) from error
        time.sleep(pause)
        tried += 1


def _pause(error: GitHubException, tried: int, repeatable: bool) -> float | None:
    """Seconds after which it is sent again, None where it is not."""
    if isinstance(error, RateLimitExceeded):
        wait = error.retry_after.total_seconds()
        return wait if tried < 1 and wait <= PATIENCE else None
    failed = not isinstance(error, RequestFailed) or error.response.status_code >= 500
    return 0.25 * 4**tried if failed and repeatable and tried + 1 < _TRIES else None


def _onward(answer: httpx.Response) -> str:
    """Where a redirect leads: to the same server, and by the same method."""
    request, status = answer.request, answer.status_code
    target = request.url.join(answer.headers["location"])
    if target.netloc != request.url.netloc or target.scheme != request.url.scheme:
        raise Refused(f"{request.method} {request.url.path}: redirected to another host")
    if request.method not in ("GET", "HEAD") and status not in (307, 308):
        raise GitHubError(f"{request.method} {request.url.path}: {status}", status=status)
    return str(target)


def json_of(answer: httpx.Response) -> Any:
    """The body as JSON, None when empty; raises `Unreachable` when it is something else."""
    if answer.status_code == 204 or not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        raise Unreachable("the answer is not JSON", retry_after=5.0) from error


def next_page(answer: httpx.Response, site: GitHubSite) -> str | None:
    """Where a list goes on; raises `Refused` where that is said to be elsewhere."""
    link = answer.links.get("next", {}).get("url")
    if link is None:
        return None
    if urlsplit(link).netloc != urlsplit(site.api).netloc:
        raise Refused("the next page of a list is said to be on another host")
    return str(link)


def _meaning(error: GitHubException, what: str) -> Exception:
    if isinstance(error, RateLimitExceeded):
        seconds = max(1.0, error.retry_after.total_seconds())
        return RateLimited(f"{what}: GitHub asks us to wait {seconds:.0f} s", retry_after=seconds)
    if not isinstance(error, RequestFailed):
        return Unreachable(f"{what}: no answer ({type(error).__name__})", retry_after=5.0)
    status = error.response.status_code
    message, details = _said(error.response.raw_response)
    text = f"{what}: {status} {message}"
    if status >= 500:
        return Unreachable(text, retry_after=5.0)
    if status == 429 or "secondary rate limit" in message:
        return RateLimited(text, retry_after=60.0)
    if status in (401, 403):
        kind = Suspended if "suspended" in message else NotAllowed
        return kind(text, status=status, hint="look at the permissions of the App")
    if status in (404, 410, 451):
        return NotFound(text, status=status)
    if status in (409, 422):
        return Rejected(text, status=status, details=details)
    return GitHubError(text, status=status)


def _said(answer: httpx.Response) -> tuple[str, tuple[str, ...]]:
    """GitHub's message, and the texts of its `errors`; both shortened, both on one line."""
    try:
        body = answer.json()
    except ValueError:
        return "", ()
    if not isinstance(body, dict):
        return "", ()
    listed = body.get("errors")
    errors = listed if isinstance(listed, list) else []
    details = tuple(
        one_line(str(e.get("message") or e.get("code") or "") if isinstance(e, dict) else str(e))
        for e in errors[:10]
    )
    return one_line(str(body.get("message", "")))[:_SHOWN], details
