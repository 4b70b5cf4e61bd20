"""What a command needs beyond the core, said before it is missed."""

from __future__ import annotations

from importlib.util import find_spec

from bot.errors import Unusable

GITHUB = ("githubkit", "httpx", "jwt")


def need_github(what: str) -> None:
    """Raises `Unusable` where the packages that talk to GitHub are not installed."""
    missing = [name for name in GITHUB if find_spec(name) is None]
    if missing:
        raise Unusable(
            f"{what} needs further packages: {', '.join(missing)}",
            hint="pip install 'otp-genesis[server]'",
        )
