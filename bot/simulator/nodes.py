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
GIT_PREFIXES = {"commit": "C", "tree": "T", "blob": "B", "tag": "TA", "ref": "REF"}


def node_id(kind: str, id: int) -> str:
    """Kinds beyond `PREFIXES` take their name."""
    packed = urlsafe_b64encode(id.to_bytes(8, "big")).decode().rstrip("=")
    return f"{PREFIXES.get(kind, kind)}_{packed}"


def parse_node_id(value: str) -> tuple[str, int] | None:
    """(prefix, id), or None for what is no node id of ours."""
    prefix, _, packed = value.partition("_")
    try:
        id = int.from_bytes(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), "big")
        # Decoding passes over what is no base64.
        return (prefix, id) if value == node_id(prefix, id) else None
    except (ValueError, OverflowError):
        return None


def git_node_id(kind: str, repository_id: int, name: str) -> str:
    """Of what has no number: a commit, tree, blob, tag or ref, by its sha or full name."""
    packed = urlsafe_b64encode(f"{repository_id}:{name}".encode(errors="replace"))
    return f"{GIT_PREFIXES[kind]}_{packed.decode().rstrip('=')}"
