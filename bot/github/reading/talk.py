"""What is said on an open pull request, and whether it is queued: one question of GraphQL.

REST knows neither threads nor the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.lifecycle.facts import ReviewFacts, ThreadFacts
from bot.github.errors import Unsupported
from bot.github.reading.context import Reading

QUEUE = "merge-queue"
"""What a server may lack, as `App.lacks` knows it."""

MOST_PAGES = 5
"""Pages of a hundred threads."""

_REVIEWS = """
  reviews(last: 100, states: [APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED]) {
    nodes { fullDatabaseId state body author { __typename login } }
  }
"""
_THREADS = """
  reviewThreads(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id isResolved path line originalLine
      opening: comments(first: 1) { nodes { fullDatabaseId } }
      latest: comments(last: 50) { nodes { body author { __typename login } } }
    }
  }
"""


@dataclass(frozen=True)
class Talk:
    """Reviews in the order they were made, threads that are not resolved."""

    queued: bool
    reviews: tuple[ReviewFacts, ...]
    threads: tuple[ThreadFacts, ...]


NOTHING = Talk(queued=False, reviews=(), threads=())


def talk_of(reading: Reading, pull: Mapping[str, Any]) -> Talk:
    """All of it; nothing is in a queue where the server has none."""
    try:
        first = _asked(reading, pull, None, queue=not reading.app.lacks.get(QUEUE))
    except Unsupported:
        reading.app.lacks.put(QUEUE, True)
        first = _asked(reading, pull, None, queue=False)
    pages, page = [first["reviewThreads"]], first["reviewThreads"]
    while page["pageInfo"]["hasNextPage"] and len(pages) < MOST_PAGES:
        page = _asked(reading, pull, page["pageInfo"]["endCursor"], queue=False)["reviewThreads"]
        pages.append(page)
    threads = (_thread(reading, t) for page in pages for t in page["nodes"] if not t["isResolved"])
    reviews = (_review(reading, review) for review in first["reviews"]["nodes"])
    return Talk(
        queued=bool(first.get("isInMergeQueue")),
        reviews=tuple(review for review in reviews if review is not None),
        threads=tuple(thread for thread in threads if thread is not None),
    )


def _asked(
    reading: Reading, pull: Mapping[str, Any], after: str | None, *, queue: bool
) -> dict[str, Any]:
    wanted = ("isInMergeQueue" if queue else "") + (_REVIEWS if after is None else "") + _THREADS
    asked = f"node(id: $pull) {{ ... on PullRequest {{ {wanted} }} }}"
    query = f"query($pull: ID!, $after: String) {{ {asked} }}"
    found: dict[str, Any] = reading.client.query(query, {"pull": pull["node_id"], "after": after})
    node: dict[str, Any] = found["node"]
    return node


def _review(reading: Reading, review: Mapping[str, Any]) -> ReviewFacts | None:
    login, bot = _author(review)
    if bot and login == reading.ourselves:
        return None
    state = review["state"].lower()
    # A right is asked for only where something follows from it.
    asked = state in ("approved", "changes_requested") and not bot
    return ReviewFacts.model_validate(
        {
            "id": int(review["fullDatabaseId"]),
            "author": login,
            "bot": bot,
            "role": reading.role(login) if asked else "none",
            "state": state,
            "body": review["body"] or "",
        }
    )


def _thread(reading: Reading, thread: Mapping[str, Any]) -> ThreadFacts | None:
    opening, said = thread["opening"]["nodes"], thread["latest"]["nodes"]
    if not opening or not said:
        # Every comment of it was deleted.
        return None
    return ThreadFacts(
        id=thread["id"],
        reply_to=int(opening[0]["fullDatabaseId"]),
        path=thread["path"],
        line=thread["line"] or thread["originalLine"] or 0,
        comments=tuple((_author(comment)[0], comment["body"]) for comment in said),
        answered=_author(said[-1]) == (reading.ourselves, True),
    )


def _author(said: Mapping[str, Any]) -> tuple[str, bool]:
    """Login as REST writes it, and whether it is no person: a person may be called as we are."""
    author = said["author"] or {}
    login, bot = str(author.get("login", "")), author.get("__typename") != "User"
    return (f"{login}[bot]" if bot and login and not login.endswith("[bot]") else login), bot
