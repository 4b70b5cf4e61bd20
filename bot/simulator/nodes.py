"""Global node ids, as GraphQL and REST's `node_id` give them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

PREFIXES = {
    "App": "A",
    "CheckRun": "CR",
    "CheckSuite": "CS",
    "Comment": "IC",
    "Issue": "I",
    "Label": "LA",
    "Organization": "O",
    "PullRequest": "PR",
    "Repository": "R",
    "Review": "PRR",
    "ReviewComment": "PRRC",
    "ReviewThread": "PRRT",
    "TimelineEvent": "EV",
    "User": "U",
    "Bot": "BOT",
}


def node_id(kind: str, id: int) -> str:
    """Kinds beyond `PREFIXES` take their name."""
    packed = urlsafe_b64encode(id.to_bytes(8, "big")).decode().rstrip("=")
    return f"{PREFIXES.get(kind, kind)}_{packed}"


def parse_node_id(value: str) -> tuple[str, int] | None:
    """(prefix, id), or None for what is no node id of ours."""
    prefix, _, packed = value.partition("_")
    try:
        data = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    except ValueError:
        return None
    return (prefix, int.from_bytes(data, "big")) if len(data) == 8 else None
