"""What the judges look at, as data: exchanges, deliveries, and what is said about them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ENTERPRISE_REST = "/api/v3"
ENTERPRISE_GRAPHQL = "/api/graphql"


class NotJson(ValueError):
    """A body that should have been JSON."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer as they went over the wire; header names are in lower case.

    `target` is the raw path with its query. Bodies are those after transfer and content encoding.
    """

    method: str
    target: str
    status: int
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def at_github(self) -> Exchange | None:
        """The same exchange with github.com's paths; None if it was not with the API.

        The simulator has the layout of GitHub Enterprise Server: REST below `/api/v3`.
        """
        if self.path == ENTERPRISE_GRAPHQL:
            return replace(self, target="/graphql")
        if not self.path.startswith(ENTERPRISE_REST + "/"):
            return None
        return replace(self, target=self.target.removeprefix(ENTERPRISE_REST))

    def response_json(self) -> Any:
        """Raises NotJson."""
        return parsed(self.response_body)

    def request_json(self) -> Any:
        """Raises NotJson."""
        return parsed(self.request_body)

    def to_line(self) -> str:
        """One line of JSON, bodies in base64."""
        return json.dumps(
            self.__dict__
            | {
                "request_body": base64.b64encode(self.request_body).decode(),
                "response_body": base64.b64encode(self.response_body).decode(),
            }
        )

    @classmethod
    def from_line(cls, line: str) -> Exchange:
        data = json.loads(line)
        for name in ("request_body", "response_body"):
            data[name] = base64.b64decode(data[name])
        return cls(**data)


@dataclass(frozen=True)
class Delivery:
    """One webhook as it arrived; header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    genuine: bool
    """Whether the HMAC over the raw bytes was right."""

    @property
    def event(self) -> str:
        return self.headers.get("x-github-event", "")

    @property
    def guid(self) -> str:
        return self.headers.get("x-github-delivery", "")

    @property
    def action(self) -> str | None:
        payload = self.payload()
        action = payload.get("action") if isinstance(payload, dict) else None
        return action if isinstance(action, str) else None

    def payload(self) -> Any:
        """Raises NotJson."""
        return parsed(self.body)


@dataclass(frozen=True)
class Verdict:
    """What a judge says of one exchange or delivery."""

    subject: str
    """The operation id (`issues/get`), or `webhook issues/opened`; empty for what is unknown."""
    status: int
    errors: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    """Allowed, but worth knowing: keys and parameters which the description does not name."""

    @property
    def valid(self) -> bool:
        return not self.errors


def parsed(body: bytes) -> Any:
    """The JSON value; raises NotJson, also for what only Python would accept (NaN)."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotJson(f"{error}: {body[:80]!r}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
