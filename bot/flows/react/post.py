"""Where the bot stands towards one GitHub: who it is there, and what it keeps for it here."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.codebase.remote_git import Remote
from bot.errors import Unusable
from bot.flows.stage_run.caller import SET_SEAL
from bot.github.app_auth import App, Credentials
from bot.github.asking import GitHubSite
from bot.github.client import Client
from bot.github.identity import Identity
from bot.github.job_auth import JobToken
from bot.github.pacing import Pace
from bot.github.remote_store import RemoteStore
from bot.github.sealing import Seal
from bot.settings import Settings


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Post:
    """Who we are at one GitHub, and the folder of this process.

    Stores are kept: they remember what they have read.
    """

    app: Identity
    settings: Settings
    ourselves: str
    """Our login there, `slug[bot]`."""
    now: Callable[[], datetime] = _now
    writer: str = field(default_factory=lambda: uuid.uuid4().hex)
    _paces: dict[int, Pace] = field(default_factory=dict)
    _stores: dict[tuple[int, str], RemoteStore] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, settings: Settings) -> Post:
        """Asks GitHub who we are; raises `Unusable` when the settings name no App."""
        if not settings.github_app_id:
            raise Unusable(
                "no GitHub App is set up",
                hint="set GENESIS_GITHUB_APP_ID and GENESIS_GITHUB_PRIVATE_KEY_FILE",
            )
        app = App(_site(settings), Credentials(settings.github_app_id, private_key(settings)))
        about = app.get("/app")
        assert isinstance(about, dict)
        return cls(app, settings, f"{about['slug']}[bot]")

    @classmethod
    def in_job(cls, settings: Settings, token: SecretStr) -> Post:
        """Where all there is is the token of a job of GitHub Actions; raises `Unusable`."""
        if settings.seal is None:
            raise Unusable(
                "without an App, GENESIS_SEAL has to be set: it tells our records from others'",
                hint=f"once: {SET_SEAL}",
            )
        app = JobToken.of(_site(settings), token, settings.seal)
        return cls(app, settings, app.login)

    @property
    def as_app(self) -> App:
        """For what only an App may ask; a server always is one."""
        assert isinstance(self.app, App), "the token of a job is no App"
        return self.app

    def client(self, installation: int, full_name: str) -> Client:
        """One repository through one installation, at that installation's pace."""
        pace = self._paces.setdefault(installation, Pace(self.settings.github_pace))
        return Client(self.app, installation, full_name, pace)

    def store(self, client: Client) -> RemoteStore:
        """The plans of a repository."""
        # Workers come here at once, and a mirror is made once.
        with self._turn:
            # An App that was taken away and given back has another installation.
            key = (client.installation, client.full_name)
            if key not in self._stores:
                self._stores[key] = RemoteStore(
                    self.folder(client.full_name) / "plans.git",
                    lambda write: self.remote(client, write=write),
                    self.settings,
                    writer=self.writer,
                    seal=Seal.of(self.app.sealing_key.get_secret_value()),
                )
            return self._stores[key]

    def repositories(self, installation: int) -> Iterator[Mapping[str, Any]]:
        """Those of an installation, as GitHub lists them; raises `NotFound` without one."""
        client = self.client(installation, "")
        yield from client.pages("/installation/repositories", key="repositories")

    def remote(self, client: Client, *, write: bool = False) -> Remote:
        """The repository for git, with a token for just that."""
        token = client.git_token("contents" if write else "read")
        url = f"{self.app.site.web}/{client.full_name}.git"
        return Remote(url, self.settings.environment, token)

    def folder(self, full_name: str) -> Path:
        """What is kept of a repository; names are GitHub's, which hold no separators."""
        owner, _, name = full_name.partition("/")
        return self.settings.state_dir / "github" / owner.lower() / name.lower()


def _site(settings: Settings) -> GitHubSite:
    return GitHubSite(settings.github_api_url, settings.github_server_url)


def private_key(settings: Settings) -> SecretStr:
    """The App's, as it was given or from its file; raises `Unusable`."""
    if settings.github_private_key:
        return settings.github_private_key
    path = settings.github_private_key_file
    if path is None:
        raise Unusable(
            "the GitHub App has no key here",
            hint="set GENESIS_GITHUB_PRIVATE_KEY_FILE to the .pem file GitHub gave you",
        )
    try:
        return SecretStr(path.read_text("ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(
            f"cannot read the App's key {str(path)!r}",
            hint="GENESIS_GITHUB_PRIVATE_KEY_FILE names the .pem file GitHub gave you",
        ) from error
