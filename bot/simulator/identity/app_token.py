"""The JWT with which an App says that it is itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import jwt

from bot.simulator.errors import ApiError
from bot.simulator.records.apps import App
from bot.simulator.state.tables import Tables

MAX_LIFE = timedelta(minutes=10)
DRIFT = timedelta(seconds=60)
"""How far the caller's clock may be off."""


def app_of(tables: Tables, value: str, now: datetime) -> App:
    """The App that signed `value`.

    Raises:
        ApiError: 401 with GitHub's sentences for what is wrong with it.
    """
    app = _named(tables, value)
    try:
        claims: dict[str, Any] = jwt.decode(
            value,
            app.public_key,
            algorithms=["RS256"],
            # Our clock can be ahead of the machine's, so the times are checked below.
            options={"verify_exp": False, "verify_iat": False, "verify_aud": False},
        )
    except jwt.PyJWTError as error:
        raise ApiError(401, "A JSON web token could not be decoded") from error
    _check_times(claims, now)
    return app


def _named(tables: Tables, value: str) -> App:
    try:
        claims = jwt.decode(
            value,
            options={
                "verify_signature": False,
                "verify_aud": False,
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError as error:
        raise ApiError(401, "A JSON web token could not be decoded") from error
    issuer = str(claims.get("iss", ""))
    app = tables.apps.get(int(issuer)) if issuer.isdecimal() and len(issuer) < 16 else None
    app = app or tables.apps.one("client", issuer)
    if app is None:
        raise ApiError(401, "Integration not found")
    return app


def _check_times(claims: dict[str, Any], now: datetime) -> None:
    moments: list[Any] = [claims.get("exp"), claims.get("iat")]
    if not all(_is_moment(moment) for moment in moments):
        raise ApiError(401, "'Expiration time' claim ('exp') must be a numeric value")
    expires, issued = (float(moment) for moment in moments)
    at = now.timestamp()
    if expires <= at:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the past")
    if expires > at + (MAX_LIFE + DRIFT).total_seconds():
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
    if issued > at + DRIFT.total_seconds():
        raise ApiError(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time"
            " that the assertion was issued",
        )


def _is_moment(claim: object) -> bool:
    return isinstance(claim, int | float) and not isinstance(claim, bool) and 0 <= claim < 1e11
