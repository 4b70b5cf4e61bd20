"""Source text cut down to one harmless line: bounded, visible, unable to close a data section."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.sanitize import one_line

ELLIPSIS = "…"


def clip(code: bytes | str, limit: int) -> str:
    """At most `limit` characters of the code on one line, without anything hidden."""
    raw = code[: limit * 8] if len(code) > limit * 8 else code
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "ignore")
    flat = " ".join(text.split())
    if not (flat.isascii() and flat.isprintable()):
        flat = one_line(text)
    if "</" in flat:
        flat = flat.replace("</", "<\\/")
    if len(raw) < len(code) or len(flat) > limit:
        return flat[: limit - 1] + ELLIPSIS
    return flat


def listed(items: Iterable[str], limit: int) -> list[str]:
    """The first `limit` items, and how many more there are."""
    every = list(items)
    if len(every) <= limit:
        return every
    return [*every[:limit], f"{ELLIPSIS} {len(every) - limit} more"]
