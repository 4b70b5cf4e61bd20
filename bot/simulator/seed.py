"""What a new simulator begins with: people, the App, and repositories made from folders."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.simulator.domain.repositories.first_labels import add_first_labels
from bot.simulator.domain.repositories.languages import main_language
from bot.simulator.identity.tokens import user_token
from bot.simulator.options import Source
from bot.simulator.records.accounts import Account, AccountType, Level
from bot.simulator.records.apps import App, Hook, Installation
from bot.simulator.records.repositories import Collaborator, Repository, Role
from bot.simulator.state.journal import StateUnusable
from bot.simulator.world import World

PEOPLE: dict[str, Role | None] = {
    "admin": "admin",
    "maintainer": "maintain",
    "writer": "write",
    "triager": "triage",
    "reader": "read",
    "outsider": None,
}
"""Named by the role each has in every seeded repository; the outsider has none."""

APP_SLUG = "otp-genesis"
APP_PERMISSIONS: dict[str, Level] = {
    "actions": "write",
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
APP_EVENTS = [
    "check_run",
    "check_suite",
    "issue_comment",
    "issue_dependencies",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "repository",
    "sub_issues",
    "workflow_job",
    "workflow_run",
]

ACTIONS_SLUG = "github-actions"


async def plant(world: World) -> None:
    """Adds what is missing: the first time everything, later only new sources."""
    now = world.clock.now()
    if world.tables.accounts.one("login", "admin") is None:
        for login in PEOPLE:
            user_token(world.tables, account(world, login, "User", now), now)
        add_app(world, ACTIONS_SLUG, "GitHub Actions", {}, [], now)
        await _plant_app(world, now)
    if world.options.webhook_url:
        point_hook(world, world.options.webhook_url, now)
    for source in world.options.sources:
        if world.repository_named(source.owner, source.name) is None:
            await add_repository(world, source, now)
    world.commit()


def account(world: World, login: str, kind: AccountType, now: datetime) -> Account:
    """The account of that login, made if there is none."""
    found = world.tables.accounts.one("login", login.lower())
    if found is not None:
        return found
    row = Account(
        id=world.tables.next_id(),
        login=login,
        type=kind,
        name=login.capitalize() if kind == "User" else None,
        email=f"{login}@simulator.test" if kind == "User" else None,
        created_at=now,
        updated_at=now,
    )
    return world.tables.accounts.add(row)


def add_app(
    world: World,
    slug: str,
    name: str,
    permissions: dict[str, Level],
    events: list[str],
    now: datetime,
    public_key: str = "",
) -> App:
    """A new App. Without a key (PEM) nobody can sign in as it, as is right for GitHub's own."""
    bot = account(world, f"{slug}[bot]", "Bot", now)
    row = App(
        id=world.tables.next_id(),
        slug=slug,
        name=name,
        external_url=f"{world.urls.base}/apps/{slug}",
        owner_id=account(world, "admin", "User", now).id,
        bot_id=bot.id,
        client_id=f"Iv23li{secrets.token_hex(7)}",
        client_secret=secrets.token_hex(20),
        public_key=public_key,
        permissions=permissions,
        events=events,
        created_at=now,
        updated_at=now,
    )
    return world.tables.apps.add(row)


def key_pair() -> tuple[str, str]:
    """(private, public), both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return private.decode(), _public(key)


def _public(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


async def _plant_app(world: World, now: datetime) -> None:
    public = await asyncio.to_thread(_key_of_the_app, world.folder / "app.pem")
    app = add_app(world, APP_SLUG, "OTP Genesis", APP_PERMISSIONS, APP_EVENTS, now, public)
    secret = secrets.token_hex(20)
    hook = Hook(
        id=world.tables.next_id(),
        app_id=app.id,
        url="",
        secret=secret,
        active=False,
        events=[],
        created_at=now,
        updated_at=now,
    )
    world.tables.hooks.add(hook)


def point_hook(world: World, url: str, now: datetime) -> None:
    """Sends the App's events there from now on."""
    app = world.tables.apps.one("slug", APP_SLUG)
    assert app is not None
    for hook in world.tables.hooks.where("app", app.id):
        hook.url, hook.active, hook.updated_at = url, True, now
        world.tables.hooks.save(hook)


def _key_of_the_app(path: Path) -> str:
    """The public half of the key at `path`: of the user's own, if one lies there.

    Raises:
        StateUnusable: what lies there is no such key.
    """
    if path.exists():
        return _public(_key_in(path))
    private, public = key_pair()
    fresh = path.with_name(f"{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(private)
    # All of it or nothing, as half a key would be taken for the user's own.
    fresh.replace(path)
    return public


def _key_in(path: Path) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StateUnusable(f"{path} is no private key in PEM without a password") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise StateUnusable(f"{path} is no RSA key, which Apps sign with")
    return key


async def add_repository(world: World, source: Source, now: datetime) -> Repository:
    """A repository with the content of `source.path`, the seeded people and both Apps."""
    owner = account(world, source.owner, "Organization", now)
    row = Repository(
        id=world.tables.next_id(),
        owner_id=owner.id,
        name=source.name,
        private=world.options.private,
        created_at=now,
        updated_at=now,
        pushed_at=now,
    )
    git = world.git(row)
    await git.import_from(source.path)
    row.default_branch = git.default_branch
    row.known_refs = dict(git.refs())
    row.language = await main_language(git)
    world.tables.repositories.add(row)
    add_first_labels(world, row)
    for login, role in PEOPLE.items():
        if role is not None:
            member = account(world, login, "User", now)
            world.tables.collaborators.add(
                Collaborator(
                    id=world.tables.next_id(),
                    repository_id=row.id,
                    account_id=member.id,
                    role=role,
                )
            )
    for slug in (ACTIONS_SLUG, APP_SLUG):
        install(world, slug, owner, now)
    return row


def install(world: World, slug: str, owner: Account, now: datetime) -> Installation:
    """The App on all repositories of `owner`; the one there is, if it is installed already."""
    app = world.tables.apps.one("slug", slug)
    assert app is not None
    for found in world.tables.installations.where("app", app.id):
        if found.account_id == owner.id:
            return found
    row = Installation(
        id=world.tables.next_id(),
        app_id=app.id,
        account_id=owner.id,
        repository_selection="all",
        permissions=app.permissions,
        events=app.events,
        created_at=now,
        updated_at=now,
    )
    return world.tables.installations.add(row)
