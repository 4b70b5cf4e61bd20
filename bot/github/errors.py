"""What GitHub answers when it does not do what was asked, by who has to react."""

from __future__ import annotations

from bot.errors import OtpError, Transient


class GitHubError(OtpError):
    """An answer of 4xx that trying again will not change; `status` is its number."""

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class NotFound(GitHubError):
    """404, 410 or 451: not there, not there any more, or not for us to see."""


class NotAllowed(GitHubError):
    """401 or 403: our App may not do that, or not any more."""


class NotGranted(NotAllowed):
    """422 for a token: the installation was not granted what it is to be for."""


class Suspended(NotAllowed):
    """403: an owner has suspended the installation."""


class Rejected(GitHubError):
    """409 or 422: the request does not fit what is there; `details` are GitHub's own words."""

    def __init__(self, message: str, *, status: int, details: tuple[str, ...] = ()) -> None:
        super().__init__(message, status=status)
        self.details = details


class Unsupported(GitHubError):
    """This server does not know what was asked of it: an older GitHub Enterprise Server."""


class RateLimited(Transient):
    """Nothing was done; `retry_after` says when to ask again."""
