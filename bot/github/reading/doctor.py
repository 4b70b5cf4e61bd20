"""What `genesis doctor` asks of GitHub: everything the work depends on, read and never changed.

An answer that was refused is an answer here: who looks at it says why it could not be had.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jwt
from githubkit import GitHub
from pydantic import SecretStr

from bot.errors import OtpError, Refused
from bot.github.app_auth import App, Credentials
from bot.github.asking import TIMEOUT, GitHubSite, ask, configured, trusted
from bot.github.errors import GitHubError
from bot.github.purposes import granted
from bot.github.rights import within
from bot.settings import Settings

MORE = ("administration", "secrets")
"""Rights the App is not meant to have; where somebody granted them, more can be looked at."""


@dataclass(frozen=True)
class Asked:
    """What came of one question."""

    status: int
    """Of the answer; 0 where there was none, or the question could not be asked."""
    body: Any = None
    why: str = ""
    """In GitHub's words where there is no body."""

    @property
    def there(self) -> bool:
        """Whether there is a body to look at."""
        return self.status == 200


NOT_ASKED = Asked(0, why="was not asked")


@dataclass(frozen=True)
class AppSeen:
    """The App as GitHub and our settings have it."""

    site: GitHubSite
    settings: str = ""
    """What is missing in our settings, empty where nothing is."""
    secret: bool = True
    """Whether our settings hold the secret of the webhook."""
    exposed: str = ""
    """The file of the App's key, where others than its owner may read it."""
    ahead: float | None = None
    """Seconds our clock is ahead of GitHub's; None where GitHub does not answer."""
    about: Asked = NOT_ASKED
    hook: Asked = NOT_ASKED
    deliveries: Asked = NOT_ASKED
    installation: Asked = NOT_ASKED


@dataclass(frozen=True)
class Asker:
    """Asks about one repository; a path is below it."""

    full_name: str
    _github: GitHub[Any] = field(repr=False)

    def __call__(self, path: str = "", **query: object) -> Asked:
        where = f"/repos/{self.full_name}{path}"
        return asked(lambda: ask(self._github, "GET", where, query=query))

    def elsewhere(self, path: str, **query: object) -> Asked:
        """The same for a path from the top."""
        return asked(lambda: ask(self._github, "GET", path, query=query))


def asked(question: Callable[[], Any]) -> Asked:
    """The answer, whatever it is."""
    try:
        return Asked(200, question())
    except GitHubError as error:
        return Asked(error.status, why=error.message)
    except (OtpError, Refused) as error:
        return Asked(0, why=error.message)


def open_app(settings: Settings) -> App | str:
    """Our App, or what is missing in the settings; GitHub is not asked."""
    file, given = settings.github_private_key_file, settings.github_private_key
    if not settings.github_app_id or (file is None and given is None):
        return "no GitHub App is set up on this machine"
    try:
        # Of the two the one that was given wins, as everywhere.
        key = given.get_secret_value() if given is not None else _text(file)
    except (OSError, UnicodeDecodeError):
        return f"the App's key {str(file)!r} cannot be read"
    try:
        jwt.encode({}, key, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError):
        what = "GENESIS_GITHUB_PRIVATE_KEY" if given is not None else repr(str(file))
        return f"{what} is no private key"
    site = GitHubSite(settings.github_api_url, settings.github_server_url)
    return App(site, Credentials(settings.github_app_id, SecretStr(key)))


def _exposed(settings: Settings) -> str:
    file = settings.github_private_key_file
    if file is None or settings.github_private_key is not None:
        return ""
    try:
        return str(file) if stat.S_IMODE(file.stat().st_mode) & 0o077 else ""
    except OSError:
        return ""


def _text(file: Path | None) -> str:
    assert file is not None, "one of the two is set"
    return file.read_text("ascii")


def look_at_app(settings: Settings, full_name: str) -> tuple[AppSeen, App | None]:
    """The App, its webhook, and its installation on the repository."""
    site = GitHubSite(settings.github_api_url, settings.github_server_url)
    opened = open_app(settings)
    ahead = clock_ahead(site)
    if isinstance(opened, str):
        return AppSeen(site, opened, ahead=ahead), None
    about = asked(lambda: opened.get("/app"))

    def then(path: str, **query: object) -> Asked:
        # Where nobody is there, each further question would only wait for an answer.
        return asked(lambda: opened.get(path, **query)) if about.status else about

    seen = AppSeen(
        site,
        secret=bool(settings.github_webhook_secret),
        exposed=_exposed(settings),
        ahead=ahead,
        about=about,
        hook=then("/app/hook/config"),
        deliveries=then("/app/hook/deliveries", per_page=100),
        installation=then(f"/repos/{full_name}/installation"),
    )
    return seen, opened


def clock_ahead(site: GitHubSite) -> float | None:
    """Seconds by which our clock is ahead of GitHub's; None where there is no answer."""
    began = time.time()
    try:
        answer = httpx.get(f"{site.api}/meta", timeout=TIMEOUT, verify=trusted())
        told = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (httpx.HTTPError, KeyError, ValueError):
        return None
    # Its seconds are cut off, so it is half a second later there on average.
    return (began + time.time()) / 2 - (told + 0.5)


@contextmanager
def asking(app: App, installation: Mapping[str, Any], full_name: str) -> Iterator[Asker | Asked]:
    """Asks with a token that may read, no more, what was granted; or why there is none.

    Unlike the work, this goes on where a right is missing: the others are looked at.
    """
    wanted = dict.fromkeys((*granted(), *MORE), "read")
    body = {
        "repositories": [full_name.partition("/")[2]],
        "permissions": {"metadata": "read", **within(wanted, installation)},
    }
    where = f"/app/installations/{installation['id']}/access_tokens"
    minted = asked(lambda: app.post(where, body))
    if not minted.there:
        yield minted
        return
    with GitHub(str(minted.body["token"]), config=configured(app.site)) as github:
        try:
            yield Asker(full_name, github)
        finally:
            asked(lambda: ask(github, "DELETE", "/installation/token", repeatable=False))


@contextmanager
def asking_as(site: GitHubSite, token: SecretStr, full_name: str) -> Iterator[Asker]:
    """Asks with the token of a person, who may see more; it is only ever read with."""
    with GitHub(token.get_secret_value(), config=configured(site)) as github:
        yield Asker(full_name, github)


def branch_path(branch: str) -> str:
    """A branch in a path: its slashes stay."""
    return quote(branch, safe="/")
