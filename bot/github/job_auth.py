"""The token of a job of GitHub Actions: who we are where there is no App of ours.

It is one token for everything, with the rights that the workflow gives the job; what it does starts
no workflow but one that it dispatches. https://docs.github.com/actions/security-for-github-actions
"""

from __future__ import annotations

from githubkit import GitHub
from pydantic import SecretStr

from bot.github.asking import GitHubSite, ask, configured
from bot.github.errors import NotFound
from bot.github.identity import Identity
from bot.github.purposes import Purpose

SLUG = "github-actions"
APP_ID = 15368
"""Of the App whose token a job has, on github.com; elsewhere the server says."""


class JobToken(Identity):
    """A job's token, which GitHub made and will revoke."""

    login = f"{SLUG}[bot]"

    def __init__(self, site: GitHubSite, app_id: int, token: SecretStr, seal: SecretStr) -> None:
        super().__init__(site, app_id, seal)
        self._token = token

    @classmethod
    def of(cls, site: GitHubSite, token: SecretStr, seal: SecretStr) -> JobToken:
        """Asks the server which App it belongs to."""
        github = GitHub(token.get_secret_value(), config=configured(site))
        try:
            found = int(ask(github, "GET", f"/apps/{SLUG}")["id"])
        except NotFound:
            found = APP_ID
        return cls(site, found, token, seal)

    def token(self, installation: int, repository: str, purpose: Purpose) -> str:
        """The one there is, whatever for: a right it lacks shows when it is used."""
        return self._token.get_secret_value()

    def forget(self, token: str) -> None:
        """There is no other one."""

    def installation_of(self, repository: str) -> int:
        """Not to be known, and not needed."""
        return 0

    def close(self) -> None:
        """The runner has it revoked when the job ends."""
