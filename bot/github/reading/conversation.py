"""The plan's issue, what was said there and below it, and which boxes are ticked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.core.lifecycle.facts import Comment, IssueFacts, Tick
from bot.core.lifecycle.requests import parse
from bot.core.render.github import markers
from bot.core.render.github.dashboard import ticked
from bot.github.errors import NotFound, Unsupported
from bot.github.reading.context import Reading, is_bot, login_of

LAST_EDITED = "last-edited"
"""What a server may lack, as `App.lacks` knows it."""

_EDITED = "query($id: ID!) { node(id: $id) { ... on IssueComment { lastEditedAt } } }"


def issue_facts(issue: Mapping[str, Any]) -> IssueFacts:
    """An issue from its JSON."""
    return IssueFacts(
        number=issue["number"],
        id=issue["id"],
        node=issue["node_id"],
        title=issue["title"],
        body=issue["body"] or "",
        state=issue["state"],
        locked=issue.get("locked", False),
        labels=tuple(label["name"] for label in issue["labels"]),
        author=login_of(issue),
    )


def plan_issue(reading: Reading) -> dict[str, Any] | None:
    """The plan's issue; None where it was deleted or transferred, and for a pull request."""
    path = f"./issues/{reading.life.issue}"
    look = reading.client.find_new if reading.names_issue else reading.client.find
    found: dict[str, Any] | None = look(path)
    if found is None or not reading.here(found) or "pull_request" in found:
        return None
    reading.talks[found["number"]] = found["comments"]
    return found


def labeller(reading: Reading, label: str) -> str:
    """Who put the label on last; empty where the events do not tell."""
    put = ""
    for event in reading.client.pages(f"./issues/{reading.life.issue}/events"):
        name = str((event.get("label") or {}).get("name", ""))
        if event["event"] == "labeled" and name.casefold() == label.casefold():
            put = str((event.get("actor") or {}).get("login", ""))
    return put


def comments(reading: Reading) -> tuple[Comment, ...]:
    """Comments that command or are ours, oldest first; the right of who commands asked now."""
    listed = [
        (number, comment)
        for number, count in reading.talks.items()
        if count
        for comment in reading.client.pages(f"./issues/{number}/comments")
    ]
    listed += _told(reading, {comment["id"] for _, comment in listed})
    found = (_comment(reading, number, comment) for number, comment in listed)
    return tuple(sorted((c for c in found if c is not None), key=lambda comment: comment.id))


def _told(reading: Reading, known: set[int]) -> list[tuple[int, dict[str, Any]]]:
    """The comment a delivery is about, where the lists do not show it yet."""
    said = reading.hint.said if reading.hint is not None else None
    if said is None or said.id in known or not parse(said.body):
        return []
    comment = reading.client.find_new(f"./issues/comments/{said.id}")
    number = int(comment["issue_url"].rpartition("/")[2]) if comment is not None else 0
    return [(number, comment)] if number in reading.talks else []


def _comment(reading: Reading, number: int, comment: Mapping[str, Any]) -> Comment | None:
    ours, edited = reading.ours(comment), comment["updated_at"] != comment["created_at"]
    body = comment["body"] or ""
    said = reading.hint.said if reading.hint is not None else None
    if said is not None and said.id == comment["id"] and not ours:
        # What was said first is what counts, whatever became of it since.
        body, edited = said.body, False
    commands = not ours and bool(parse(body))
    if not ours and not commands:
        return None
    author, bot = login_of(comment), is_bot(comment)
    if commands and not bot and not edited and (said is None or said.id != comment["id"]):
        edited = _edited(reading, comment)
    return Comment(
        id=comment["id"],
        on=number,
        author=author,
        bot=bot,
        ours=ours,
        body=body,
        edited=edited,
        role=reading.role(author) if commands and not bot and _open(reading, comment) else "none",
    )


def _edited(reading: Reading, comment: Mapping[str, Any]) -> bool:
    """Whether it was edited within the second it was made in, which its times do not tell."""
    if comment["id"] in reading.life.handled or reading.app.lacks.get(LAST_EDITED):
        return False
    try:
        found = reading.client.query(_EDITED, {"id": comment["node_id"]})["node"]
    except Unsupported:
        reading.app.lacks.put(LAST_EDITED, True)
        return False
    except NotFound:
        return True
    return found is None or found["lastEditedAt"] is not None


def _open(reading: Reading, comment: Mapping[str, Any]) -> bool:
    """Whether it still matters who said it."""
    return comment["id"] not in reading.life.handled or comment["id"] == reading.life.requested.id


def ticks(reading: Reading, said: Iterable[Comment]) -> tuple[Tick, ...]:
    """Boxes that are ticked; by whom, where the delivery at hand tells.

    What that delivery ticked counts even where an edit of ours has emptied the box since: it may
    have been under way already.
    """
    for comment in said:
        fields = markers.read(comment.body) if comment.ours else None
        if fields and fields["kind"] == "dashboard" and fields["plan"] == reading.life.plan:
            new = _newly_ticked(reading, comment.id)
            here = (Tick(box=box) for box in ticked(comment.body) if box not in new)
            return (*here, *new.values())
    return ()


def _newly_ticked(reading: Reading, comment: int) -> dict[str, Tick]:
    done = reading.hint.ticked if reading.hint is not None else None
    if done is None or done.comment != comment:
        return {}
    before, actor = ticked(done.before), done.actor
    boxes = [box for box in ticked(done.after) if box not in before]
    return {box: Tick(box=box, actor=actor, role=reading.role(actor)) for box in boxes}
