"""What goes wrong between us and a vendor, in our words: no SDK's error, and never the key."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from bot.core.sanitize import mask, one_line
from bot.errors import ModelUnavailable, NeedsModel, OtpError, Unavailability, Unusable
from bot.settings import API_KEYS, Vendor

Kind = Literal["key", "billing", "model", "size", "request", "address", "unavailable"]
"""Who has to react: see `as_error`."""

LONGEST_MESSAGE = 600
"""Characters of a vendor's message that are kept."""

_HINTS: Mapping[Kind, str] = {
    "billing": "check the plan and the credit of the account the key belongs to",
    "size": "give it less to read, or name a model that takes more",
    "request": "the vendor does not take this request; its message says why",
    "address": "check the base URL that is set for this vendor",
    "unavailable": "try again later, or name a `fallback_model`",
}


@dataclass(frozen=True)
class Fault:
    """An exchange that ended without an answer."""

    kind: Kind
    message: str
    """In the vendor's words, as far as it said anything."""
    retry_after: float | None = None
    """Seconds the vendor asks us to wait."""
    again: bool = True
    """Whether asking again may help; only where it is unavailable."""
    tries: int = 1
    reason: Unavailability = "api_error"
    """What kept it from answering; only where it is unavailable."""

    @property
    def passes(self) -> bool:
        """Whether the same request may be answered a moment later."""
        return self.kind == "unavailable" and self.again


def as_error(fault: Fault, vendor: Vendor, model: str, key: str, suggestion: str = "") -> OtpError:
    """The error to raise: typed by who has to react, the key masked wherever it was echoed."""
    said = one_line(mask(fault.message, (key,)))[:LONGEST_MESSAGE]
    if fault.kind == "unavailable":
        tries = f" after {fault.tries} tries" if fault.tries > 1 else ""
        return ModelUnavailable(
            f"{vendor}: {model} did not answer{tries}: {said}",
            reason=fault.reason,
            retry_after=1.0 if fault.retry_after is None else fault.retry_after,
            hint=_HINTS["unavailable"],
        )
    if fault.kind == "key":
        return NeedsModel(f"{vendor} refuses the key: {said}", hint=f"check {API_KEYS[vendor]}")
    if fault.kind == "model":
        near = suggestion or "`genesis models` shows names and short names"
        setting = f"GENESIS_{vendor.upper()}_MODEL"
        return Unusable(
            f"{vendor} has no model {model!r}: {said}",
            hint=f"{near}; it is named by `model` in the step, else by {setting}",
        )
    return Unusable(f"{vendor}: {model}: {said}", hint=_HINTS[fault.kind])


def connection_fault(error: BaseException) -> Fault:
    """What happened below HTTP."""
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return Fault("unavailable", "nothing was heard in the time allowed", reason="timeout")
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return Fault("address", str(error))
    return Fault("unavailable", str(error) or type(error).__name__)


def reason_of(status: int, named: str = "") -> Unavailability:
    """Why a vendor is unavailable, by the status and the name it gives."""
    reasons: dict[int, Unavailability] = {
        408: "timeout",
        429: "rate_limit",
        503: "overloaded",
        504: "timeout",
        529: "overloaded",
    }
    by_name: dict[str, Unavailability] = {
        "overloaded_error": "overloaded",
        "rate_limit_error": "rate_limit",
        "timeout_error": "timeout",
    }
    return by_name.get(named) or reasons.get(status, "api_error")


def seconds_to_wait(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """What `retry-after` says, in any of its forms; None when it says nothing that can be read."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return max(milliseconds / 1000, 0.0)
    wanted = headers.get("retry-after", "")
    seconds = _number(wanted)
    if seconds is None and wanted:
        try:
            moment = parsedate_to_datetime(wanted)
        except ValueError:
            return None
        today = datetime.fromtimestamp(time.time() if now is None else now, UTC)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - today).total_seconds()
    return None if seconds is None else max(seconds, 0.0)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and value not in (float("inf"), float("-inf")) else None
