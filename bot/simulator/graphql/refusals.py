"""The errors of GraphQL in GitHub's form."""

from __future__ import annotations

import logging
from typing import Any

from graphql import GraphQLError

from bot.simulator.errors import ApiError

log = logging.getLogger(__name__)

TYPES = {403: "FORBIDDEN", 404: "NOT_FOUND", 409: "UNPROCESSABLE", 422: "UNPROCESSABLE"}


class Refused(Exception):
    """`type` is GitHub's, as in NOT_FOUND; the path is that of the field it was raised in."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type
        self.message = message


def no_node(id: str) -> Refused:
    return Refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{id[:200]}'")


def as_told(error: GraphQLError) -> dict[str, Any]:
    """An error of the answer. What nobody foresaw is logged, and told without its details."""
    told: dict[str, Any] = {}
    cause = error.original_error
    if isinstance(cause, Refused):
        told = {"type": cause.type, "message": cause.message}
    elif isinstance(cause, ApiError):
        told = {"type": TYPES.get(cause.status, "UNPROCESSABLE"), "message": sentence_of(cause)}
    elif cause is None:
        told = {"message": error.message}
    else:
        log.error("a field failed: %s", error.path, exc_info=cause)
        told = {"message": "Something went wrong while executing your query."}
    if error.path:
        told["path"] = error.path
    if error.locations:
        told["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return told


def sentence_of(error: ApiError) -> str:
    """REST keeps the reason behind "Validation Failed"; here it is the message."""
    reasons = [each if isinstance(each, str) else each.get("message") for each in error.errors]
    said = ", ".join(str(reason) for reason in reasons if reason)
    return said or error.message
