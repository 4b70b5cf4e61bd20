"""One request to GitHub through githubkit: what is tried again, and what each refusal means."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import httpx
from githubkit import GitHub
from githubkit.cache import BaseCacheStrategy
from githubkit.config import Config, get_config
from githubkit.exception import (
    GitHubException,
    RateLimitExceeded,
    RequestError,
    RequestFailed,
)
from githubkit.typing import RetryOption

from bot.core.sanitize import one_line
from bot.errors import Unreachable
from bot.github.errors import (
    GitHubError,
    NotAllowed,
    NotFound,
    RateLimited,
    Rejected,
)

API_VERSION = "2022-11-28"
"""Sent with every request; github.com and GHES 3.17 and later know it."""

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
PATIENCE = timedelta(seconds=5)
"""Longer waits are the durable workflow's, which survives a restart."""

_SAFE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
"""Sent again after 5xx or silence; a POST may have been carried out."""
_TRIES = 3
_SHOWN = 300


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
def _trusted() -> ssl.SSLContext:
    """Read once: loading the certificates takes longer than a call."""
    return httpx.create_ssl_context()


def configured(
    site: GitHubSite, *, storage: BaseCacheStrategy | None = None, follow: bool = True
) -> Config:
    """How githubkit is used here: timeouts, our own rule for trying again, no cache.

    What was renamed or transferred answers with a redirect, which `follow` follows.
    """
    return get_config(
        base_url=site.api,
        user_agent="otp-genesis",
        follow_redirects=follow,
        timeout=TIMEOUT,
        ssl_verify=_trusted(),
        trust_env=True,
        cache_strategy=storage,
        http_cache=False,
        auto_retry=_again,
    )


def ask(
    github: GitHub[Any],
    method: str,
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """The JSON of the answer, None where there is none; raises what `bot.github.errors` has."""
    return json_of(send(github, method, path, body=body, query=query, headers=headers))


def send(
    github: GitHub[Any],
    method: str,
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """The whole answer; raises what `bot.github.errors` has."""
    wanted = {name: str(value) for name, value in (query or {}).items() if value is not None}
    sent = {"X-GitHub-Api-Version": API_VERSION, **(headers or {})}
    try:
        answer = github.request(
            method,
            path,
            params=wanted or None,
            json=dict(body) if body is not None else None,
            headers=sent,
        )
    except GitHubException as error:
        raise _meaning(error, f"{method} {path}") from error
    return answer.raw_response


def json_of(answer: httpx.Response) -> Any:
    """The body as JSON, None when empty; raises `Unreachable` when it is something else."""
    if answer.status_code == 204 or not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        raise Unreachable("the answer is not JSON", retry_after=5.0) from error


def _again(error: GitHubException, tried: int) -> RetryOption:
    if isinstance(error, RateLimitExceeded):
        return RetryOption(tried < 1 and error.retry_after <= PATIENCE, error.retry_after)
    if not isinstance(error, RequestError) or tried + 1 >= _TRIES:
        return RetryOption(False)
    if isinstance(error, RequestFailed):
        failed = error.response.status_code >= 500
        return RetryOption(failed and error.request.method in _SAFE, _pause(tried))
    request = _request_of(error)
    return RetryOption(request is not None and request.method in _SAFE, _pause(tried))


def _pause(tried: int) -> timedelta:
    return timedelta(seconds=0.25 * 4**tried)


def _request_of(error: RequestError[Any]) -> httpx.Request | None:
    cause = error.exc
    try:
        return cause.request if isinstance(cause, httpx.RequestError) else None
    except RuntimeError:
        return None


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
    if status in (401, 403):
        return NotAllowed(text, status=status, hint="look at the permissions of the App")
    if status in (404, 410):
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
