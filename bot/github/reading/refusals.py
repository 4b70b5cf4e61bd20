"""What GitHub refused to do for a stage: somebody has to be told, or the stage waits for ever."""

from __future__ import annotations

from bot.core.lifecycle.commands import AnyCommand, Dispatch, MoveBranch, PutPull, StartCheck
from bot.core.lifecycle.facts import Refusal
from bot.core.lifecycle.state import PlanLife
from bot.errors import OtpError
from bot.github.errors import Rejected
from bot.github.identity import Identity

Key = tuple[str, str, int, int, str]


def key_of(life: PlanLife, command: AnyCommand) -> Key | None:
    """What `App.refused` has it by; None for what no stage waits for."""
    if not isinstance(command, Dispatch | MoveBranch | PutPull | StartCheck):
        return None
    attempt = life.stage(command.stage).attempt
    return (life.repository, life.plan, command.stage, attempt, command.kind)


def words_of(error: OtpError) -> str:
    """GitHub's own words, without the call they answer."""
    call, _, words = error.message.partition(": ")
    said = words if words and call.split(" ", 1)[0].isupper() else error.message
    details = error.details if isinstance(error, Rejected) else ()
    new = [text for text in details if text and text not in said]
    return ": ".join(part for part in (said, "; ".join(new)) if part)


def refusals(app: Identity, life: PlanLife, number: int) -> tuple[Refusal, ...]:
    """What was refused of a stage's attempt in hand."""
    attempt = life.stage(number).attempt
    found = (
        (kind, app.refused.get((life.repository, life.plan, number, attempt, kind)))
        for kind in ("dispatch", "move-branch", "put-pull", "start-check")
    )
    return tuple(Refusal(attempt=attempt, kind=kind, words=words) for kind, words in found if words)
