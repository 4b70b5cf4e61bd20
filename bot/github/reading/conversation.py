"""The plan's issue, what was said there and below it, and which boxes are ticked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.core.lifecycle.facts import Comment, IssueFacts, Tick
from bot.core.lifecycle.requests import parse
from bot.core.render.github import markers
from bot.core.render.github.dashboard import ticked
from bot.github.reading.context import Reading, is_bot, login_of


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
    """The plan's issue; None where it was deleted or moved to another repository."""
    found: dict[str, Any] | None = reading.client.find(f"./issues/{reading.life.issue}")
    if found is None or not found["repository_url"].endswith(f"/{reading.client.full_name}"):
        return None
    return found


def labeller(reading: Reading, label: str) -> str:
    """Who put the label on last; empty where the events do not tell."""
    events = reading.client.pages(f"./issues/{reading.life.issue}/events")
    put = [
        event
        for event in events
        if event["event"] == "labeled" and event.get("label", {}).get("name") == label
    ]
    return str((put[-1].get("actor") or {}).get("login", "")) if put else ""


def comments(reading: Reading, numbers: Iterable[int]) -> tuple[Comment, ...]:
    """Comments that command or are ours, oldest first; the right of who commands asked now."""
    found = [c for number in numbers for c in _on(reading, number)]
    return tuple(sorted(found, key=lambda comment: comment.id))


def _on(reading: Reading, number: int) -> Iterable[Comment]:
    for comment in reading.client.pages(f"./issues/{number}/comments"):
        ours, edited = reading.ours(comment), comment["updated_at"] != comment["created_at"]
        body = comment["body"] or ""
        said = reading.hint.said if reading.hint is not None else None
        if said is not None and said.id == comment["id"]:
            body, edited = said.body, False
        commands = not ours and bool(parse(body))
        if not ours and not commands:
            continue
        author = login_of(comment)
        yield Comment(
            id=comment["id"],
            on=number,
            author=author,
            bot=is_bot(comment),
            ours=ours,
            body=body,
            edited=edited,
            role=reading.role(author) if commands and not is_bot(comment) else "none",
        )


def ticks(reading: Reading, said: Iterable[Comment]) -> tuple[Tick, ...]:
    """Boxes ticked on the dashboard now; by whom, where the delivery at hand tells."""
    for comment in said:
        fields = markers.read(comment.body) if comment.ours else None
        if fields and fields["kind"] == "dashboard" and fields["plan"] == reading.life.plan:
            return tuple(_tick(reading, comment.id, box) for box in ticked(comment.body))
    return ()


def _tick(reading: Reading, comment: int, box: str) -> Tick:
    done = reading.hint.ticked if reading.hint is not None else None
    if done is None or done.comment != comment:
        return Tick(box=box)
    if box in ticked(done.before) or box not in ticked(done.after):
        return Tick(box=box)
    return Tick(box=box, actor=done.actor, role=reading.role(done.actor))
