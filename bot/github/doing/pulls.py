"""Pull requests, drafts and review threads."""

from __future__ import annotations

from typing import Any

from bot.core.lifecycle.commands import AnswerThread, MarkReady, PutPull
from bot.core.names import branch_of
from bot.core.render.github import markers
from bot.github.doing.context import Doing
from bot.github.doing.issues import make_labels
from bot.github.errors import NotFound, Rejected

_READY = """
mutation($pull: ID!) {
  markPullRequestReadyForReview(input: {pullRequestId: $pull}) { clientMutationId }
}
"""
_RESOLVE = """
mutation($thread: ID!) { resolveReviewThread(input: {threadId: $thread}) { clientMutationId } }
"""


def put_pull(doing: Doing, command: PutPull) -> None:
    """Edit the pull request of the stage's branch, or open it."""
    body = markers.fit(command.body, markers.marker(doing.life.plan, "pull", stage=command.stage))
    branch = branch_of(doing.life.plan, command.stage)
    found = _pull(doing, command.number, branch)
    if found is None:
        found = _open(doing, command, branch, body)
    elif (found["title"], found["body"]) != (command.title, body):
        change = {"title": command.title, "body": body}
        doing.client.patch("pulls", f"./pulls/{found['number']}", change)
    missing = set(command.labels) - {label["name"] for label in found["labels"]}
    if missing:
        make_labels(doing, sorted(missing))
        where = f"./issues/{found['number']}/labels"
        doing.client.post("issues", where, {"labels": sorted(missing)}, creates=False)


def _pull(doing: Doing, number: int, branch: str) -> dict[str, Any] | None:
    if number:
        found: dict[str, Any] | None = doing.client.find(f"./pulls/{number}")
        return found
    owner = doing.client.full_name.partition("/")[0]
    listed = doing.client.pages("./pulls", state="open", head=f"{owner}:{branch}")
    return next((pull for pull in listed if doing.ours(pull)), None)


def _open(doing: Doing, command: PutPull, branch: str, body: str) -> dict[str, Any]:
    wanted = {"title": command.title, "head": branch, "base": command.base, "body": body}
    try:
        made: dict[str, Any] = doing.client.post(
            "pulls", "./pulls", {**wanted, "draft": command.draft}
        )
    except Rejected as error:
        # Private repositories of free plans have no drafts.
        if not command.draft or "draft" not in f"{error} {error.details}".lower():
            raise
        made = doing.client.post("pulls", "./pulls", wanted)
    return made


def mark_ready(doing: Doing, command: MarkReady) -> None:
    """Take it out of draft; REST cannot."""
    doing.client.mutate("reviews", _READY, {"pull": command.node})


def answer_thread(doing: Doing, command: AnswerThread) -> None:
    """Reply once in the thread, and resolve it if wanted."""
    marker = markers.marker(doing.life.plan, "thread", re=command.reply_to)
    body = markers.fit(command.body, marker)
    comments = doing.client.pages(f"./pulls/{command.pull}/comments")
    said = [c for c in comments if c.get("in_reply_to_id") == command.reply_to]
    if not any(doing.ours(c) and c["body"] == body for c in said):
        where = f"./pulls/{command.pull}/comments/{command.reply_to}/replies"
        try:
            doing.client.post("pulls", where, {"body": body})
        except NotFound:
            return
    if command.resolve:
        doing.client.mutate("reviews", _RESOLVE, {"thread": command.thread})
