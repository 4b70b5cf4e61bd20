"""What goes over the wire: the body in the hook's form, and the headers that vouch for it."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode

from bot.simulator.records.apps import Delivery, Hook

USER_AGENT = "GitHub-Hookshot/0511ca1"

TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


def body_for(hook: Hook, delivery: Delivery) -> bytes:
    """The bytes that are sent and signed."""
    if hook.content_type == "form":
        return urlencode({"payload": delivery.payload}).encode()
    return delivery.payload.encode()


def headers_for(hook: Hook, delivery: Delivery, body: bytes) -> dict[str, str]:
    target = ("integration", hook.app_id) if hook.app_id else ("repository", hook.repository_id)
    headers = {
        "Accept": "*/*",
        "Content-Type": TYPES[hook.content_type],
        "User-Agent": USER_AGENT,
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": str(target[1]),
        "X-GitHub-Hook-Installation-Target-Type": target[0],
    }
    return headers | (_signatures(hook.secret.encode(), body) if hook.secret else {})


def _signatures(secret: bytes, body: bytes) -> dict[str, str]:
    return {
        "X-Hub-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
    }
