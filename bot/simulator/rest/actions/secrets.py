"""Secrets: written sealed, never read back."""

from __future__ import annotations

import base64
import binascii
import secrets

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from starlette.responses import Response

from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.actions import Secret
from bot.simulator.rest.actions.runs import ACTIONS
from bot.simulator.rest.actions.variables import NAME
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.actions import secret_view
from bot.simulator.world import World

router = router_for("actions")

KEPT_AS = "secrets_key"
KEY_ID = "568250167242549743"
IMPROPER = "Bad request - validation failed due to an improperly encrypted secret"
"""As met in integrations/terraform-provider-github#2315."""
BASE64 = r"^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{2}==|[A-Za-z0-9+\/]{3}=|[A-Za-z0-9+\/]{4})$"
"""As GitHub quotes it in its refusal, github/rest-api-description#1688."""
MAX_SECRETS = 100
MAX_VALUE = 48 * 1024
TOO_LARGE = "The value is too large: a secret may have 48 KB."


class Sealed(Body):
    encrypted_value: str
    key_id: str


@router.get(f"{ACTIONS}/secrets")
async def list_secrets(here: AtRepository) -> Response:
    here.require("secrets", "read", role="write")
    rows = here.tables.secrets.where("repository", here.repository.id)
    return paginate(here.request, rows, secret_view, envelope="secrets")


@router.get(f"{ACTIONS}/secrets/public-key")
async def get_public_key(here: AtRepository) -> Response:
    here.require("secrets", "read", role="write")
    public = base64.b64encode(bytes(_private_key(here.world).public_key)).decode()
    return reply({"key_id": KEY_ID, "key": public})


@router.get(f"{ACTIONS}/secrets/{{name}}")
async def get_secret(here: AtRepository, name: str) -> Response:
    here.require("secrets", "read", role="write")
    return reply(secret_view(_secret(here, name)))


@router.put(f"{ACTIONS}/secrets/{{name}}")
async def put_secret(here: AtRepository, name: str, body: Sealed) -> Response:
    here.require("secrets", "write")
    upper = name.upper()
    if not NAME.match(upper) or len(upper) > 255:
        raise ApiError(422, "Secret names can only contain alphanumeric characters and '_'.")
    if body.key_id != KEY_ID:
        raise ApiError(422, "The key_id is not the one of the repository's public key.")
    value = _opened(here.world, body.encrypted_value)
    now = here.world.clock.now()
    row = here.tables.secrets.one("name", (here.repository.id, upper))
    if row is not None:
        row.value, row.updated_at = value, now
        here.tables.secrets.save(row)
        return no_content()
    if here.tables.secrets.count("repository", here.repository.id) >= MAX_SECRETS:
        raise ApiError(422, f"A repository has at most {MAX_SECRETS} secrets.")
    row = Secret(
        id=here.tables.next_id(),
        repository_id=here.repository.id,
        name=upper,
        value=value,
        created_at=now,
        updated_at=now,
    )
    here.tables.secrets.add(row)
    return reply({}, 201)


@router.delete(f"{ACTIONS}/secrets/{{name}}")
async def delete_secret(here: AtRepository, name: str) -> Response:
    here.require("secrets", "write")
    here.tables.secrets.remove(_secret(here, name))
    return no_content()


def _secret(here: Here, name: str) -> Secret:
    found = here.tables.secrets.one("name", (here.repository.id, name.upper()))
    if found is None:
        raise not_found()
    return found


def _private_key(world: World) -> PrivateKey:
    """Made once and kept with the state."""
    journal = world.tables.journal
    found = journal.meta(KEPT_AS)
    if found is None:
        found = secrets.token_hex(32)
        journal.note(KEPT_AS, found)
        journal.commit()
    return PrivateKey(bytes.fromhex(found))


def _opened(world: World, sealed: str) -> str:
    if len(sealed) > MAX_VALUE * 2:
        raise ApiError(422, TOO_LARGE)
    try:
        box = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(
            422, f"Invalid request.\n\n{sealed[:200]} does not match /{BASE64}/."
        ) from error
    try:
        value = SealedBox(_private_key(world)).decrypt(box)
    except (CryptoError, ValueError) as error:
        raise ApiError(422, IMPROPER) from error
    if len(value) > MAX_VALUE:
        raise ApiError(422, TOO_LARGE)
    return value.decode(errors="replace")
