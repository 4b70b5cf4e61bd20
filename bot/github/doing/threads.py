"""Answers in the threads of a review."""

from __future__ import annotations

from bot.core.lifecycle.commands import AnswerThread
from bot.core.render.github import markers
from bot.github.doing.context import Doing
from bot.github.doing.single import Single, Thing
from bot.github.errors import NotFound

_RESOLVE = """
mutation($thread: ID!) { resolveReviewThread(input: {threadId: $thread}) { clientMutationId } }
"""


def answer_thread(doing: Doing, command: AnswerThread) -> None:
    """Reply once in the thread, and resolve it if wanted; one that is gone needs no answer.

    A later attempt says something else, so that its answer is another one.
    """
    client = doing.client
    marker = markers.marker(doing.life.plan, "thread", re=command.reply_to)
    body = markers.fit(command.body, marker)
    where = f"./pulls/{command.pull}/comments"

    def find() -> list[Thing]:
        listed = client.pages(where)
        said = (c for c in listed if c.get("in_reply_to_id") == command.reply_to)
        return [c for c in said if doing.ours(c) and c["body"].replace("\r\n", "\n") == body]

    def create() -> Thing:
        made: Thing = client.post("pulls", f"{where}/{command.reply_to}/replies", {"body": body})
        return made

    try:
        Single(
            key=doing.key("thread", command.reply_to, body),
            find=find,
            create=create,
            update=lambda _: None,
            withdraw=lambda ours, _: client.delete("pulls", f"./pulls/comments/{ours['id']}"),
        ).put(doing)
        if command.resolve:
            client.mutate("reviews", _RESOLVE, {"thread": command.thread})
    except NotFound:
        return
