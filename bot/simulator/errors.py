"""The refusals of the API, in GitHub's words and form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class ApiError(Exception):
    """An answer that is not a success.

    `errors` go into the body as they are: `{"resource": "Issue", "code": "invalid", "field": …}`
    or plain sentences. `headers` are sent with it, e.g. `retry-after`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        errors: Sequence[Mapping[str, Any] | str] = (),
        *,
        headers: Mapping[str, str] | None = None,
        documentation: str = DOCUMENTATION,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.documentation = documentation

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = self.errors
        return body | {"documentation_url": self.documentation, "status": str(self.status)}


class Moved(ApiError):
    """What was asked for has another address now; `permanently` may clients keep it."""

    def __init__(self, url: str, *, permanently: bool) -> None:
        status, message = (301, "Moved Permanently") if permanently else (307, "Temporary Redirect")
        super().__init__(status, message, headers={"location": url})
        self.url = url

    def body(self) -> dict[str, Any]:
        return {"url": self.url, **super().body()}


def not_found() -> ApiError:
    """Also for what the caller may not know to exist."""
    return ApiError(404, "Not Found")


def not_accessible() -> ApiError:
    """For an App that sees the repository but lacks the permission."""
    return ApiError(403, "Resource not accessible by integration")


def invalid(
    resource: str, field: str, code: str = "invalid", message: str | None = None
) -> ApiError:
    """422 on one field. Codes: missing_field, invalid, already_exists, custom, unprocessable."""
    error: dict[str, Any] = {"resource": resource, "code": code, "field": field}
    if message is not None:
        error["message"] = message
    return ApiError(422, "Validation Failed", [error])


def too_long(resource: str, field: str, limit: int) -> ApiError:
    return invalid(
        resource, field, "custom", f"{field} is too long (maximum is {limit} characters)"
    )
