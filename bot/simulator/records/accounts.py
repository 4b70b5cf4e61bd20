"""Users, organizations, bots, and the tokens they act with."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.simulator.records.record import Record

AccountType = Literal["User", "Organization", "Bot"]
TokenKind = Literal["user", "installation", "actions"]
Level = Literal["read", "write", "admin"]


class Account(Record):
    login: str
    type: AccountType
    name: str | None = None
    email: str | None = None
    site_admin: bool = False
    created_at: datetime
    updated_at: datetime


class Token(Record):
    """A bearer token. A user's acts with all of the user's rights, others with `permissions`."""

    kind: TokenKind
    value: str
    account_id: int
    """Whom events name as the actor: the user, or the App's bot."""
    installation_id: int | None = None
    permissions: dict[str, Level] = {}
    repository_ids: list[int] | None = None
    """None: every repository of the user or of the installation."""
    selected: bool = False
    """Whether the repositories were named when the token was made."""
    expires_at: datetime | None = None
    run_id: int | None = None
    """The workflow run whose GITHUB_TOKEN this is."""
    created_at: datetime
