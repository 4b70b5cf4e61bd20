"""What an answer of GraphQL means: it says 200 also where something went wrong."""

from __future__ import annotations

from typing import Any

from bot.core.sanitize import one_line
from bot.errors import Unreachable
from bot.github.errors import NotAllowed, NotFound, RateLimited, Rejected, Unsupported

_SHOWN = 300
_UNKNOWN = frozenset({"undefinedField", "undefinedType", "argumentNotAccepted"})


def data_of(answer: Any) -> Any:
    """The `data` of an answer; raises what `bot.github.errors` has where it has errors."""
    if not isinstance(answer, dict):
        raise Unreachable("GraphQL gave no answer", retry_after=5.0)
    errors = [e for e in answer.get("errors") or () if isinstance(e, dict)]
    if not errors:
        return answer.get("data")
    words = tuple(one_line(str(e.get("message", "")))[:_SHOWN] for e in errors[:10])
    text = f"GraphQL: {'; '.join(words)}"
    kinds = {str(e.get("type", "")) for e in errors}
    if "RATE_LIMITED" in kinds:
        raise RateLimited(text, retry_after=60.0)
    if "FORBIDDEN" in kinds or "INSUFFICIENT_SCOPES" in kinds:
        raise NotAllowed(text, status=403, hint="look at the permissions of the App")
    if "NOT_FOUND" in kinds:
        raise NotFound(text, status=404)
    if any(_unknown(error) for error in errors):
        raise Unsupported(text, status=400)
    raise Rejected(text, status=422, details=words)


def _unknown(error: dict[str, Any]) -> bool:
    """GitHub's code for it, or the sentence of other servers of GraphQL."""
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code in _UNKNOWN or str(error.get("message", "")).startswith("Cannot query field")
