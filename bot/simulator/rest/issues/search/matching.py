"""Whether an issue has the words that are searched for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from bot.simulator.records.issues import Issue
from bot.simulator.world import World

PLACES = ("title", "body", "comments")


def phrase_pattern(phrase: str) -> re.Pattern[str] | None:
    """Matches the phrase's words next to each other, whatever stands between and around them.

    So a marker in a hidden comment is found, as nothing tells it from other text. None for a
    phrase without a word, which finds everything.
    """
    words = re.findall(r"\w+", phrase)
    if not words:
        return None
    joined = r"\W+".join(re.escape(word) for word in words)
    return re.compile(rf"(?<!\w){joined}(?!\w)", re.IGNORECASE)


def has_text(
    world: World, issue: Issue, pattern: re.Pattern[str] | None, places: Collection[str]
) -> bool:
    if pattern is None:
        return True
    return any(pattern.search(text) for text in _texts(world, issue, places))


def _texts(world: World, issue: Issue, places: Collection[str]) -> Iterator[str]:
    if "title" in places:
        yield issue.title
    if "body" in places and issue.body:
        yield issue.body
    if "comments" in places:
        for comment in world.tables.comments.where("issue", issue.id):
            yield comment.body
