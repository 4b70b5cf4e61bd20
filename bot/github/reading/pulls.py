"""A stage's pull request: where it stands, what reviewers say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.core.lifecycle.facts import PullFacts, ReviewFacts, ThreadFacts
from bot.core.lifecycle.state import ENDED, StageLife
from bot.core.names import branch_of
from bot.github.reading.checks import check_facts
from bot.github.reading.context import Reading, is_bot, login_of

_THREADS = """
query($pull: ID!, $after: String) {
  node(id: $pull) { ... on PullRequest { reviewThreads(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id isResolved path line comments(first: 50) {
      nodes { databaseId body author { login } }
    } }
  } } }
}
"""
MOST_THREADS = 5
"""Pages of a hundred."""

_STATES = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes_requested",
    "COMMENTED": "commented",
    "DISMISSED": "dismissed",
}


def pull_of(reading: Reading, stage: StageLife, *, branch: bool) -> dict[str, Any] | None:
    """The pull request we know, else the open one of the stage's branch that is ours."""
    if stage.pull:
        known: dict[str, Any] | None = reading.client.find(f"./pulls/{stage.pull}")
        return known
    if not branch:
        return None
    owner = reading.client.full_name.partition("/")[0]
    head = f"{owner}:{branch_of(reading.life.plan, stage.number)}"
    listed = reading.client.pages("./pulls", state="all", head=head)
    mine = [p for p in listed if reading.ours(p) and p["number"] not in stage.past]
    if not mine:
        return None
    # A list leaves out what a single answer has: whether it conflicts, how many comments.
    found: dict[str, Any] | None = reading.client.find(f"./pulls/{mine[0]['number']}")
    return found


def pull_facts(reading: Reading, stage: StageLife, pull: dict[str, Any]) -> PullFacts:
    """The pull request with its checks and reviews; those of an ended stage are not asked for."""
    live = pull["state"] == "open" and stage.status not in ENDED
    return PullFacts(
        number=pull["number"],
        node=pull["node_id"],
        state=pull["state"],
        merged=bool(pull.get("merged")),
        merge_commit=(pull.get("merge_commit_sha") or "") if pull.get("merged") else "",
        draft=bool(pull.get("draft")),
        base=pull["base"]["ref"],
        head=pull["head"]["sha"],
        title=pull["title"],
        body=pull["body"] or "",
        labels=tuple(label["name"] for label in pull["labels"]),
        conflict=_conflict(pull),
        checks=check_facts(reading, pull["head"]["sha"]) if live else (),
        reviews=tuple(_reviews(reading, pull["number"])) if live else (),
        threads=_threads(reading, pull) if live and pull.get("review_comments") else (),
    )


def _conflict(pull: dict[str, Any]) -> bool | None:
    if pull.get("mergeable_state") == "dirty":
        return True
    mergeable = pull.get("mergeable")
    return None if mergeable is None else not mergeable


def _reviews(reading: Reading, number: int) -> Iterator[ReviewFacts]:
    for review in reading.client.pages(f"./pulls/{number}/reviews"):
        state = _STATES.get(review["state"])
        if state is None or reading.ours(review):
            continue
        author = login_of(review)
        yield ReviewFacts.model_validate(
            {
                "id": review["id"],
                "author": author,
                "bot": is_bot(review),
                "role": "none" if is_bot(review) else reading.role(author),
                "state": state,
                "body": review["body"] or "",
            }
        )


def _threads(reading: Reading, pull: dict[str, Any]) -> tuple[ThreadFacts, ...]:
    found: list[ThreadFacts] = []
    after: str | None = None
    for _ in range(MOST_THREADS):
        variables = {"pull": pull["node_id"], "after": after}
        page = reading.client.query(_THREADS, variables)["node"]["reviewThreads"]
        found += [_thread(reading, t) for t in page["nodes"] if not t["isResolved"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return tuple(found)


def _thread(reading: Reading, thread: dict[str, Any]) -> ThreadFacts:
    said = thread["comments"]["nodes"]
    authors = [str((c["author"] or {}).get("login", "")) for c in said]
    # GraphQL names an App by its slug alone.
    slug = reading.ourselves.removesuffix("[bot]")
    return ThreadFacts(
        id=thread["id"],
        reply_to=said[0]["databaseId"],
        path=thread["path"],
        line=thread["line"] or 0,
        comments=tuple((a, c["body"]) for a, c in zip(authors, said, strict=True)),
        answered=authors[-1] in (slug, reading.ourselves),
    )
