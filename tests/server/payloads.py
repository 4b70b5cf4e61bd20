"""Deliveries as GitHub sends them, reduced to what we read."""

from __future__ import annotations

import json
import uuid
from typing import Any

from bot.server.ingress.records import Delivery


def payload(**more: Any) -> dict[str, Any]:
    """Of an event in `acme/shop`."""
    return {
        "installation": {"id": 7},
        "repository": {"full_name": "acme/shop", "default_branch": "main"},
        "sender": {"login": "writer", "type": "User"},
        **more,
    }


def labelled(plan: int, guid: str = "") -> Delivery:
    """An issue that got our label."""
    body = payload(action="labeled", issue={"number": plan}, label={"name": "otp-refactor"})
    return delivery("issues", body, guid)


def delivery(event: str, body: Any, guid: str = "") -> Delivery:
    """A delivery; `body` is JSON, or bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(guid or str(uuid.uuid4()), event, data, 1.0)
