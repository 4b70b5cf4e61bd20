"""Links that need no token: who has one may follow it for a while."""

from __future__ import annotations

import secrets
from datetime import timedelta

import jwt

from bot.simulator.world import World

LIFE = timedelta(minutes=5)
KEY = "link_key"


def signature_for(world: World, subject: str, life: timedelta = LIFE) -> str:
    """To be sent along with a request for `subject`, a path."""
    expires = world.clock.seconds() + life.total_seconds()
    return jwt.encode({"sub": subject, "until": expires}, _key(world), algorithm="HS256")


def is_signed(world: World, subject: str, signature: str) -> bool:
    """Whether the signature is for this subject, by us, and not too old."""
    try:
        claims = jwt.decode(signature, _key(world), algorithms=["HS256"])
    except jwt.PyJWTError:
        return False
    return claims.get("sub") == subject and float(claims["until"]) > world.clock.seconds()


def _key(world: World) -> str:
    """Made once and kept with the state, so that links outlive a restart."""
    journal = world.tables.journal
    found = journal.meta(KEY)
    if found is None:
        found = secrets.token_hex(32)
        journal.note(KEY, found)
        journal.commit()
    return found
