"""A GitHub App of one's own: its manifest, the exchange of the code, and where it is kept."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.errors import Refused, Unreachable
from bot.github.purposes import granted
from bot.settings import Settings, load_settings

CODE = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")
PLAIN = re.compile(r"[\x21-\x26\x28-\x7e]{1,1000}\Z")
"""What can stand between apostrophes in an environment file: printable, without them."""
EVENTS = (
    *("check_run", "check_suite", "create", "delete", "issue_comment", "issues"),
    *("pull_request", "pull_request_review", "pull_request_review_comment"),
    *("pull_request_review_thread", "push", "repository", "status", "workflow_run"),
)
"""What we react to; installations are told to every App."""
TIMEOUT = httpx.Timeout(20.0, connect=5.0)


@dataclass(frozen=True)
class Registered:
    """An App that GitHub made for us."""

    id: int
    slug: str
    page: str
    env_file: Path


def manifest(name: str, webhook: str, done: str) -> dict[str, Any]:
    """What we need of GitHub, and no more; `done` is where it leads back to."""
    home = urlsplit(webhook)
    return {
        "name": name,
        "url": f"{home.scheme}://{home.netloc}",
        "description": "Plans and makes OTP refactorings, stage by stage.",
        "hook_attributes": {"url": webhook, "active": True},
        "redirect_url": done,
        "public": False,
        "default_permissions": dict(granted()),
        "default_events": list(EVENTS),
    }


def env_file(settings: Settings) -> Path:
    """Where the App's settings are kept that `/setup` made."""
    return settings.state_dir / "server" / "genesis.env"


def app_settings() -> Settings:
    """The settings of the environment, and below them what `/setup` has written."""
    settings = load_settings()
    kept = env_file(settings)
    if settings.github_app_id or not kept.is_file():
        return settings
    return load_settings(_env_file=kept)


def register(settings: Settings, code: str) -> Registered:
    """Exchange the code for the App's credentials and keep them, readable for us alone.

    Raises `Refused` when GitHub does not take the code, `Unreachable` when it does not answer.
    """
    made = _converted(settings, code)
    folder = env_file(settings).parent
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / f"app-{made['id']}.pem"
    _write(key, made["pem"])
    lines = {
        "GENESIS_GITHUB_APP_ID": str(made["id"]),
        "GENESIS_GITHUB_PRIVATE_KEY_FILE": str(key),
        "GENESIS_GITHUB_WEBHOOK_SECRET": made["webhook_secret"],
        "GENESIS_GITHUB_API_URL": settings.github_api_url,
        "GENESIS_GITHUB_SERVER_URL": settings.github_server_url,
    }
    # The key first: who reads the other file finds it.
    _write(env_file(settings), "".join(f"{k}='{v}'\n" for k, v in lines.items()))
    return Registered(made["id"], made["slug"], made["html_url"], env_file(settings))


def _converted(settings: Settings, code: str) -> dict[str, Any]:
    if not CODE.match(code):
        raise Refused("that is no code of GitHub's")
    url = f"{settings.github_api_url}/app-manifests/{code}/conversions"
    headers = {"accept": "application/vnd.github+json", "user-agent": "otp-genesis"}
    try:
        answer = httpx.post(url, headers=headers, timeout=TIMEOUT)
        body = answer.json() if answer.status_code == 201 else {}
    except (httpx.HTTPError, json.JSONDecodeError) as error:
        raise Unreachable(f"GitHub does not answer: {type(error).__name__}") from error
    if answer.status_code != 201:
        raise Refused(
            f"GitHub does not take the code ({answer.status_code})",
            hint="a code is good once and for an hour: begin again at /setup",
        )
    secret, pem = body.get("webhook_secret"), body.get("pem", "")
    if not secret or not PLAIN.match(secret) or "PRIVATE KEY" not in pem:
        raise Refused("GitHub's answer has no webhook secret or no key")
    number = int(body["id"])
    return {**body, "id": number, "slug": str(body["slug"]), "html_url": str(body["html_url"])}


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
