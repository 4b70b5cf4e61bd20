"""Pull requests and drafts."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.lifecycle.commands import MarkReady, PutPull
from bot.core.lifecycle.delivery import NOT_READY
from bot.core.names import branch_of
from bot.core.render.github import markers
from bot.errors import Refused
from bot.github.doing.context import Doing
from bot.github.doing.labels import add_labels
from bot.github.doing.single import Thing
from bot.github.errors import Rejected
from bot.github.reading.context import login_of
from bot.github.reading.pulls import taken_up
from bot.github.reading.repository import DRAFTS

_READY = """
mutation($pull: ID!) {
  markPullRequestReadyForReview(input: {pullRequestId: $pull}) { clientMutationId }
}
"""


def put_pull(doing: Doing, command: PutPull) -> None:
    """Edit the pull request of the stage's branch, or open it.

    GitHub itself lets there be one from a branch to another; a closed one is left as it is.
    Raises `Refused` where there is one of somebody else, whose words are theirs.
    """
    body = markers.fit(command.body, markers.marker(doing.life.plan, "pull", stage=command.stage))
    branch = branch_of(doing.life.plan, command.stage)
    with doing.app.made.turn(doing.key("pull", branch)):
        found = _found(doing, command.number, branch)
        labels = set(command.labels)
        if found is None and not command.number and _taken_up(doing, command, branch):
            return
        if found is None and not command.number:
            found, more = _opened(doing, command, branch, body)
            labels |= more
            if _taken_up(doing, command, branch):
                # They merged between our look and our opening it.
                doing.client.patch("pulls", f"./pulls/{found['number']}", {"state": "closed"})
                return
        if found is None or found["state"] != "open":
            return
        if (found["title"], _text(found)) != (command.title, body):
            change = {"title": command.title, "body": body}
            doing.client.patch("pulls", f"./pulls/{found['number']}", change)
        missing = labels - {label["name"] for label in found["labels"]}
        add_labels(doing, found["number"], sorted(missing))


def _text(pull: Thing) -> str:
    return str(pull["body"] or "").replace("\r\n", "\n")


def _found(doing: Doing, number: int, branch: str) -> Thing | None:
    if number:
        known: Thing | None = doing.client.find(f"./pulls/{number}")
        return known
    return next((pull for pull in _listed(doing, branch, "open") if doing.ours(pull)), None)


def _taken_up(doing: Doing, command: PutPull, branch: str) -> bool:
    """Whether somebody has just merged, by a pull request of theirs, what we put there."""
    head = doing.life.stage(command.stage).head
    closed = _listed(doing, branch, "closed")
    return any(taken_up(pull, head, command.base) for pull in closed)


def _listed(doing: Doing, branch: str, state: str) -> Iterable[Thing]:
    owner = doing.client.full_name.partition("/")[0]
    found: Iterable[Thing] = doing.client.pages("./pulls", state=state, head=f"{owner}:{branch}")
    return found


def _opened(doing: Doing, command: PutPull, branch: str, body: str) -> tuple[Thing, frozenset[str]]:
    """The new pull request, and the label that stands for a draft where there are none."""
    wanted = {"title": command.title, "head": branch, "base": command.base, "body": body}
    try:
        made: Thing = doing.client.post("pulls", "./pulls", {**wanted, "draft": command.draft})
        return made, frozenset()
    except Rejected as error:
        said = f"{error.message} {error.details}".lower()
        if "already exists" in said:
            return _other(doing, command, branch, error), frozenset()
        # Private repositories of free plans have no drafts.
        if not command.draft or "draft" not in said:
            raise
    doing.app.lacks.put((DRAFTS, doing.client.full_name), True)
    made = doing.client.post("pulls", "./pulls", wanted)
    return made, frozenset({NOT_READY})


def _other(doing: Doing, command: PutPull, branch: str, error: Rejected) -> Thing:
    """The one that is there: ours, of which we had not heard."""
    there = [p for p in _listed(doing, branch, "open") if p["base"]["ref"] == command.base]
    ours = next((pull for pull in there if doing.ours(pull)), None)
    if ours is not None:
        return ours
    if not there:
        raise error
    who, number = login_of(there[0]), there[0]["number"]
    raise Refused(f"`{who}` opened #{number} from the branch: merge it, or close it for ours")


def mark_ready(doing: Doing, command: MarkReady) -> None:
    """Take it out of draft; REST cannot."""
    pull = doing.client.get(f"./pulls/{command.pull}")
    if pull["draft"] and pull["state"] == "open":
        doing.client.mutate("reviews", _READY, {"pull": command.node})
