"""Registering an App from a manifest, which is how a bot sets itself up."""

from __future__ import annotations

import asyncio
import re
import secrets
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.simulator.domain.apps.hooks import EVENTS, is_address, ping
from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from bot.simulator.records.accounts import Account, Level
from bot.simulator.records.apps import App, Hook, ManifestCode
from bot.simulator.seed import add_app, key_pair
from bot.simulator.world import World

CODE_LIFE = timedelta(hours=1)
MAX_MANIFEST = 64 * 1024
MAX_NAME = 34
"""Characters of an App's name."""

Address = Annotated[str, Field(max_length=2_000)]


class HookAttributes(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    url: Address = ""
    active: bool = True


class Manifest(BaseModel):
    """What a bot says that it needs; GitHub's names."""

    model_config = ConfigDict(extra="ignore", strict=True)

    name: Annotated[str, Field(max_length=200)] = ""
    url: Address
    description: Annotated[str, Field(max_length=10_000)] | None = None
    hook_attributes: HookAttributes = HookAttributes()
    redirect_url: Address
    setup_url: Address | None = None
    public: bool = False
    default_permissions: dict[str, Level] = Field(default={}, max_length=100)
    default_events: list[str] = Field(default=[], max_length=100)


def read_manifest(text: str) -> Manifest:
    """Raises:
    ApiError: 422, saying all that is wrong with it.
    """
    if len(text) > MAX_MANIFEST:
        raise ApiError(422, f"The manifest is larger than {MAX_MANIFEST:,} characters.")
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc'])) or 'manifest'}: {e['msg']}" for e in error.errors()]
        raise ApiError(422, "The manifest is not valid.", said[:20]) from error
    if wrong := _wrong(manifest):
        raise ApiError(422, "The manifest is not valid.", wrong)
    return manifest


def _wrong(manifest: Manifest) -> list[str]:
    addresses = {
        "url": manifest.url,
        "redirect_url": manifest.redirect_url,
        "setup_url": manifest.setup_url,
        "hook_attributes.url": manifest.hook_attributes.url or None,
    }
    wrong = [
        f"{name}: is no http or https address"
        for name, value in addresses.items()
        if value is not None and not is_address(value)
    ]
    unknown = sorted(set(manifest.default_events) - (EVENTS - {"*"}))
    return wrong + [f"default_events: {name[:100]!r} is no event" for name in unknown]


def slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def check_name(world: World, name: str) -> str:
    """The slug of a name.

    Raises:
        ApiError: 422 for a name that no App can have, or that one has.
    """
    slug = slug_of(name)
    if not slug or len(name) > MAX_NAME:
        raise ApiError(422, f"An App needs a name of at most {MAX_NAME} characters.")
    taken = world.tables.apps.one("slug", slug) or world.tables.accounts.one(
        "login", f"{slug}[bot]"
    )
    if taken is not None:
        raise ApiError(422, f"Name {name!r} has already been taken.")
    return slug


async def register(
    world: World, caller: Caller, owner: Account, manifest: Manifest, name: str
) -> str:
    """A new App; the code that is good for its credentials, once and for an hour.

    Raises:
        ApiError: 422 for what `check_name` refuses.
    """
    private, public = await asyncio.to_thread(key_pair)
    slug = check_name(world, name)
    now = world.clock.now()
    permissions: dict[str, Level] = {"metadata": "read"}
    app = add_app(
        world,
        slug,
        name,
        {**manifest.default_permissions, **permissions},
        list(dict.fromkeys(manifest.default_events)),
        now,
        public,
    )
    app.owner_id = owner.id
    app.external_url = manifest.url
    app.description = manifest.description
    app.public = manifest.public
    app.setup_url = manifest.setup_url
    world.tables.apps.save(app)
    _add_hook(world, caller, app, manifest.hook_attributes)
    _drop_expired(world)
    row = ManifestCode(
        id=world.tables.next_id(),
        code=secrets.token_hex(20),
        app_id=app.id,
        private_key=private,
        expires_at=now + CODE_LIFE,
    )
    world.tables.manifest_codes.add(row)
    return row.code


def _add_hook(world: World, caller: Caller, app: App, wanted: HookAttributes) -> None:
    now = world.clock.now()
    hook = Hook(
        id=world.tables.next_id(),
        app_id=app.id,
        url=wanted.url,
        secret=secrets.token_hex(20),
        active=wanted.active and bool(wanted.url),
        events=[],
        created_at=now,
        updated_at=now,
    )
    world.tables.hooks.add(hook)
    ping(world, caller, hook)


def _drop_expired(world: World) -> None:
    """A private key that nobody fetched in time is of no use to anybody who should have it."""
    now = world.clock.now()
    for row in world.tables.manifest_codes:
        if row.expires_at <= now:
            world.tables.manifest_codes.remove(row)


def convert(world: World, code: str) -> tuple[App, Hook | None, str]:
    """The App, its hook and its private key, for a code that is used up by this.

    Raises:
        ApiError: 404 for a code that is unknown, used or older than an hour.
    """
    row = world.tables.manifest_codes.one("code", code)
    if row is None:
        raise ApiError(404, "Not Found")
    world.tables.manifest_codes.remove(row)
    app = world.tables.apps.get(row.app_id)
    if app is None or row.expires_at <= world.clock.now():
        raise ApiError(404, "Not Found")
    return app, world.tables.hooks.one("app", app.id), row.private_key


def with_query(url: str, **values: Any) -> str:
    """The address with further parameters; empty ones are left out."""
    parts = urlsplit(url)
    added = urlencode({name: value for name, value in values.items() if value})
    query = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(query=query))
