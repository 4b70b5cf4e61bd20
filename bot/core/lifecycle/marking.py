"""Our markers, made and found again; what is ours is compared without them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.lifecycle.commands import PutComment
from bot.core.lifecycle.facts import Comment, Facts
from bot.core.lifecycle.state import PlanLife
from bot.core.render.github import markers

COMPARED = 60_000
"""Characters; what is longer was cut to make room for the marker."""

_NO_WORD = re.compile(r"[^A-Za-z0-9._]+")


def mark(life: PlanLife, kind: str, **fields: object) -> str:
    """The marker of a body of ours, whatever strangers put into the fields."""
    return markers.marker(_word(life.plan), kind, **{n: _word(v) for n, v in fields.items()})


def marked(life: PlanLife, facts: Facts, kind: str, **fields: object) -> tuple[Comment, ...]:
    """Our comments with this marker."""
    wanted = markers.read(mark(life, kind, **fields))
    return tuple(c for c in facts.comments if c.ours and markers.read(c.body) == wanted)


def kept(
    life: PlanLife, facts: Facts, on: int, kind: str, body: str, **fields: object
) -> Iterator[PutComment]:
    """Our one comment of a kind on an issue or pull request; nothing where it says that already."""
    there = [c for c in marked(life, facts, kind, **fields) if c.on == on]
    if not there or not same(body, there[0].body):
        yield PutComment(on=on, marker=mark(life, kind, **fields), body=body)


def same(wanted: str, seen: str) -> bool:
    """Whether a body shows what is wanted; its marker, and how its lines end, do not count."""
    ours, theirs = _plain(wanted), _plain(seen)
    if len(ours) > COMPARED:
        return ours[: COMPARED - 10_000] == theirs[: COMPARED - 10_000]
    return ours == theirs


def _plain(body: str) -> str:
    text = body.replace("\r\n", "\n").strip()
    if markers.read(text) is None:
        return text
    lines = text.split("\n")
    last = markers.read(lines[-1]) is not None
    return "\n".join(lines[:-1] if last else lines[1:]).strip()


def _word(value: object) -> str:
    return _NO_WORD.sub("-", str(value)).strip("-._") or "none"
