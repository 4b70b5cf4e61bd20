"""Tokens: making them, and finding out who calls with one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.simulator.errors import ApiError
from bot.simulator.identity.app_token import app_of
from bot.simulator.identity.caller import ANONYMOUS, Caller
from bot.simulator.records.accounts import Account, Level, Token
from bot.simulator.records.apps import Installation
from bot.simulator.state.tables import Tables

INSTALLATION_TOKEN_LIFE = timedelta(hours=1)


def user_token(tables: Tables, account: Account, now: datetime) -> Token:
    """A classic personal access token: all of the user's rights, no expiry."""
    value = "ghp_" + secrets.token_hex(18)
    token = Token(
        id=tables.next_id(), kind="user", value=value, account_id=account.id, created_at=now
    )
    return tables.tokens.add(token)


def installation_token(
    tables: Tables,
    installation: Installation,
    permissions: Mapping[str, Level],
    repository_ids: list[int] | None,
    now: datetime,
    life: timedelta = INSTALLATION_TOKEN_LIFE,
) -> Token:
    """Of the newer, stateless-looking form, which is not 40 characters long."""
    _forget_expired(tables, installation, now)
    app = tables.apps[installation.app_id]
    token = Token(
        id=tables.next_id(),
        kind="installation",
        value=f"ghs_{app.id}_{secrets.token_urlsafe(48)}",
        account_id=app.bot_id,
        installation_id=installation.id,
        permissions=dict(permissions),
        repository_ids=repository_ids,
        selected=repository_ids is not None,
        expires_at=now + life,
        created_at=now,
    )
    return tables.tokens.add(token)


def _forget_expired(tables: Tables, installation: Installation, now: datetime) -> None:
    """What nobody can use any more is not kept: bots make a token for each thing they do."""
    for token in tables.tokens.where("installation", installation.id):
        if token.expires_at is not None and token.expires_at <= now:
            tables.tokens.remove(token)


def credentials_in(header: str) -> str:
    """The token of an Authorization header, `Bearer X` or `token X`; empty if there is none."""
    scheme, _, value = header.strip().partition(" ")
    return value.strip() if scheme.lower() in ("bearer", "token") else ""


def caller_with(tables: Tables, value: str, now: datetime) -> Caller:
    """The caller that presents this token or App JWT.

    Raises:
        ApiError: 401 for an unknown, expired or revoked token, 403 for a suspended installation.
    """
    if not value:
        return ANONYMOUS
    if value.count(".") == 2 and not value.startswith("ghs_"):
        app = app_of(tables, value, now)
        return Caller(actor=tables.accounts[app.bot_id], app=app)
    token = tables.tokens.one("value", value)
    if token is None or (token.expires_at is not None and token.expires_at <= now):
        raise ApiError(401, "Bad credentials")
    actor = tables.accounts[token.account_id]
    installation = tables.installations.get(token.installation_id)
    if token.installation_id is not None and installation is None:
        raise ApiError(401, "Bad credentials")
    if installation is None:
        return Caller(actor=actor, token=token)
    if installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    app = tables.apps[installation.app_id]
    return Caller(actor=actor, token=token, app=app, installation=installation)
