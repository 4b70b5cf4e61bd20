"""The caller of a request: nobody, a user, an App itself, or an App in an installation."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.records.accounts import Account, Token
from bot.simulator.records.apps import App, Installation


@dataclass(frozen=True)
class Caller:
    """Its rights are those of `actor` where there is no `app`, else of the App or its `token`."""

    actor: Account | None = None
    """Whom events and objects name: the user or the App's bot."""
    token: Token | None = None
    app: App | None = None
    """Set for an App's JWT and for its installation and Actions tokens."""
    installation: Installation | None = None

    @property
    def is_user(self) -> bool:
        return self.actor is not None and self.app is None

    @property
    def is_app_itself(self) -> bool:
        """Calling with the App's JWT, which may manage the App and nothing else."""
        return self.app is not None and self.token is None

    @property
    def is_bot(self) -> bool:
        """An installation token or a GITHUB_TOKEN."""
        return self.app is not None and self.token is not None

    @property
    def is_actions(self) -> bool:
        """A GITHUB_TOKEN: what it does starts no workflow runs."""
        return self.token is not None and self.token.kind == "actions"

    @property
    def key(self) -> str:
        """What rate limits count by."""
        if self.installation is not None:
            return f"installation {self.installation.id}"
        if self.app is not None:
            return f"app {self.app.id}"
        return "anonymous" if self.actor is None else f"user {self.actor.id}"


ANONYMOUS = Caller()
