"""GitHub Apps, their installations, hooks and deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.simulator.records.accounts import Level
from bot.simulator.records.record import Record


class App(Record):
    slug: str
    name: str
    description: str | None = None
    external_url: str
    owner_id: int
    bot_id: int
    """The account that acts for it, `<slug>[bot]`."""
    client_id: str
    client_secret: str
    public_key: str
    """PEM; the private half stays with its owner."""
    permissions: dict[str, Level]
    events: list[str]
    public: bool = True
    """Else only its owner can install it."""
    setup_url: str | None = None
    """Where people are led once they have installed it."""
    created_at: datetime
    updated_at: datetime


class Installation(Record):
    app_id: int
    account_id: int
    repository_selection: Literal["all", "selected"]
    repository_ids: list[int] = []
    """Those chosen; empty and unused with selection "all"."""
    permissions: dict[str, Level]
    events: list[str]
    suspended_at: datetime | None = None
    suspended_by_id: int | None = None
    created_at: datetime
    updated_at: datetime


class Hook(Record):
    """Where events go: an App's own hook, or one of a repository."""

    app_id: int | None = None
    repository_id: int | None = None
    url: str
    secret: str = ""
    content_type: Literal["json", "form"] = "json"
    insecure_ssl: Literal["0", "1"] = "0"
    active: bool = True
    events: list[str]
    """Of a repository's hook; an App's events stand at the App and its installations."""
    created_at: datetime
    updated_at: datetime


class Delivery(Record):
    """One attempt to deliver. A redelivery is a further row with the same GUID."""

    guid: str
    hook_id: int
    event: str
    action: str | None
    repository_id: int | None
    installation_id: int | None
    url: str = ""
    payload: str
    """The JSON, byte for byte; a hook of type "form" sends it as a field."""
    redelivery: bool = False
    state: Literal["pending", "delivered", "failed"] = "pending"
    created_at: datetime
    delivered_at: datetime | None = None
    duration: float = 0.0
    """Seconds."""
    status: str = ""
    """In words, as in the delivery API: "OK", "timed out"."""
    status_code: int = 0
    request_headers: dict[str, str] = {}
    response_headers: dict[str, str] = {}
    response_body: str = ""


class ManifestCode(Record):
    """The code of the manifest flow, good once and for an hour."""

    code: str
    app_id: int
    private_key: str
    expires_at: datetime
