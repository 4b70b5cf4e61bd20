"""Comments and reactions."""

from __future__ import annotations

from bot.core.lifecycle.commands import PutComment, React
from bot.core.render.github import markers
from bot.github.doing.context import Doing
from bot.github.doing.single import Single, Thing


def react(doing: Doing, command: React) -> None:
    """GitHub keeps one reaction of a kind from each of us."""
    where = f"comments/{command.comment}" if command.comment else str(command.issue)
    body = {"content": command.content}
    doing.client.post("issues", f"./issues/{where}/reactions", body, creates=False)


def put_comment(doing: Doing, command: PutComment) -> None:
    """Edit our comment with the marker where its text differs, or write it."""
    client, where = doing.client, f"./issues/{command.on}/comments"
    text = markers.fit(command.body, command.marker)

    def update(comment: Thing) -> Thing | None:
        if _text(comment) == text:
            return None
        path = f"./issues/comments/{comment['id']}"
        changed: Thing = client.patch("issues", path, {"body": text})
        return changed

    def create() -> Thing:
        made: Thing = client.post("issues", where, {"body": text})
        return made

    Single(
        key=doing.key("comment", command.on, command.marker),
        find=lambda: [c for c in client.pages(where) if doing.carries(c, command.marker)],
        create=create,
        update=update,
        withdraw=lambda ours, _: client.delete("issues", f"./issues/comments/{ours['id']}"),
    ).put(doing)


def _text(comment: Thing) -> str:
    return str(comment["body"] or "").replace("\r\n", "\n")
