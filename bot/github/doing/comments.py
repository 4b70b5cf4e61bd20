"""Comments and reactions."""

from __future__ import annotations

from bot.core.lifecycle.commands import PutComment, React
from bot.core.render.github import markers
from bot.github.doing.context import Doing


def react(doing: Doing, command: React) -> None:
    """GitHub keeps one reaction of a kind from each of us."""
    where = f"comments/{command.comment}" if command.comment else str(command.issue)
    body = {"content": command.content}
    doing.client.post("issues", f"./issues/{where}/reactions", body, creates=False)


def put_comment(doing: Doing, command: PutComment) -> None:
    """Edit our comment with the marker where its text differs, or write it."""
    text = markers.fit(command.body, command.marker)
    for comment in doing.client.pages(f"./issues/{command.on}/comments"):
        if doing.carries(comment, command.marker):
            if comment["body"] != text:
                doing.client.patch("issues", f"./issues/comments/{comment['id']}", {"body": text})
            return
    doing.client.post("issues", f"./issues/{command.on}/comments", {"body": text})
