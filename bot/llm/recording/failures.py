"""The failure of a model call as a recording holds it, so that a replay fails alike."""

from __future__ import annotations

from typing import Literal

from bot.core.model import Record
from bot.core.usage import Usage
from bot.errors import (
    ModelMisbehaved,
    ModelUnavailable,
    NeedsModel,
    OtpError,
    Refused,
    Unavailability,
    Unusable,
)

_PLAIN: dict[str, type[OtpError]] = {
    "NeedsModel": NeedsModel,
    "Refused": Refused,
    "Unusable": Unusable,
}


class Failure(Record):
    """What a vendor or the offline model failed with; the fields are those of the errors."""

    kind: Literal["ModelUnavailable", "ModelMisbehaved", "NeedsModel", "Refused", "Unusable"]
    message: str
    hint: str = ""
    reason: Unavailability = "api_error"
    reply: str = ""
    violations: tuple[str, ...] = ()
    usage: Usage | None = None

    def error(self) -> OtpError:
        """The error anew; it asks for no pause, for nobody is asked."""
        if self.kind == "ModelUnavailable":
            return ModelUnavailable(
                self.message, reason=self.reason, retry_after=0.0, hint=self.hint
            )
        if self.kind == "ModelMisbehaved":
            return ModelMisbehaved(
                self.message,
                reply=self.reply,
                violations=self.violations,
                usage=self.usage,
                hint=self.hint,
            )
        return _PLAIN[self.kind](self.message, hint=self.hint)


def failure_of(error: OtpError) -> Failure | None:
    """For the recording; None for what is the run's own doing, such as a spent budget."""
    if type(error) is ModelUnavailable:
        return Failure(
            kind="ModelUnavailable", message=error.message, hint=error.hint, reason=error.reason
        )
    if type(error) is ModelMisbehaved:
        return Failure(
            kind="ModelMisbehaved",
            message=error.message,
            hint=error.hint,
            reply=error.reply,
            violations=error.violations,
            usage=error.usage,
        )
    plain = next((name for name, kind in _PLAIN.items() if type(error) is kind), None)
    if plain is None:
        return None
    return Failure.model_validate({"kind": plain, "message": error.message, "hint": error.hint})
