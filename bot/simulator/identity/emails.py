"""The addresses in commits, and whose they are."""

from __future__ import annotations

import re
from datetime import datetime

from bot.simulator.git import Person
from bot.simulator.records.accounts import Account
from bot.simulator.state.tables import Tables

PRIVATE = "users.noreply.github.com"
_OWN = re.compile(r"(?:\d+\+)?(?P<login>[^@+]+)@" + re.escape(PRIVATE), re.IGNORECASE)


def email_of(account: Account) -> str:
    """The public address, or the one that GitHub gives to everybody."""
    return account.email or f"{account.id}+{account.login}@{PRIVATE}"


def person_of(account: Account, when: datetime) -> Person:
    """As the author or committer of what this account does through the API."""
    return Person(account.name or account.login, email_of(account), when)


def account_with_email(tables: Tables, email: str) -> Account | None:
    """The account that GitHub links a commit with this address to."""
    if own := _OWN.fullmatch(email):
        return tables.accounts.one("login", own["login"].lower())
    return tables.accounts.one("email", email.lower()) if email else None
