"""`genesis doctor OWNER/REPO`: ask GitHub, then judge."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from bot.errors import Unusable
from bot.flows.onboarding.app_checks import app_checks, installed, no_app_checks
from bot.flows.onboarding.check import Check
from bot.flows.onboarding.repository_checks import REPOSITORY, repository_checks
from bot.flows.stage_run.caller import BOT_FILE
from bot.github.app_auth import App
from bot.github.reading.doctor import AppSeen, Asker, asking, asking_as, look_at_app
from bot.github.reading.doctor_repository import (
    RepositorySeen,
    look_at_repository,
    with_other_eyes,
)
from bot.settings import Settings


def examine(
    settings: Settings, full_name: str, events: Collection[str], token: SecretStr | None = None
) -> tuple[Check, ...]:
    """Everything about the App and one repository; `events` are those we react to.

    `token` is a person's: it looks where the App may not, and at all of it where there is no App.
    """
    seen, app = look_at_app(settings, full_name)
    if app is None and token is not None:
        with asking_as(seen.site, token, full_name) as ask:
            found = look_at_repository(ask, seen.site.web, BOT_FILE, ours=False)
        return (*no_app_checks(seen), *repository_checks(found))
    if app is None:
        return app_checks(seen, full_name, events)
    looked = _looked_at(app, seen, full_name, token)
    if isinstance(looked, str):
        return (*app_checks(seen, full_name, events), REPOSITORY.unknown("everything", looked))
    served = BOT_FILE not in looked.workflows
    return (*app_checks(seen, full_name, events, served=served), *repository_checks(looked))


def _looked_at(
    app: App, seen: AppSeen, full_name: str, token: SecretStr | None
) -> RepositorySeen | str:
    """The repository, or why nothing of it can be read."""
    if not installed(seen.installation):
        return "nothing of it can be read before the App is installed there and not suspended"
    with asking(app, seen.installation.body, full_name) as ours:
        if not isinstance(ours, Asker):
            return f"no token: {ours.why}"
        found = look_at_repository(ours, seen.site.web, BOT_FILE)
    if token is None:
        return found
    with asking_as(seen.site, token, full_name) as ask:
        return with_other_eyes(found, ask)


def against(url: str) -> dict[str, str]:
    """The settings that name another GitHub, by the address of its pages or of its API.

    Raises `Unusable` for what is no address.
    """
    parts = _parts(url if "://" in url else f"https://{url}")
    if parts is None:
        raise Unusable(f"{url!r} is no address of a GitHub", hint="https://github.example.com, say")
    host, path = parts.netloc.lower(), parts.path.rstrip("/").removesuffix("/api/v3")
    named = host.removeprefix("api.")
    if named == "github.com" or named.endswith(".ghe.com"):
        api, web = f"https://api.{named}", f"https://{named}"
    else:
        web = f"{parts.scheme}://{host}{path}"
        api = f"{web}/api/v3"
    return {"github_api_url": api, "github_server_url": web}


def _parts(url: str) -> SplitResult | None:
    """Scheme, host, port and path; None where there is more, or less."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    plain = url.isascii() and url.isprintable() and " " not in url
    return parts if known and plain and not set("@?#") & set(url) else None
