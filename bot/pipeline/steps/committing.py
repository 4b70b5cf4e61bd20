"""A step that asks a model for a commit: only where the last verdict allows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.llm.recognise import asks_to_commit
from bot.llm.types import Request
from bot.pipeline.context import Outcome, StepContext


@dataclass(frozen=True)
class _Judgement:
    """What the last step said that answered with `status` and `next_action`."""

    step: str = ""
    status: str = ""
    reason: str = ""


def withheld(request: Request, context: StepContext) -> Outcome | None:
    """The end of a commit step after a failed verdict, before anybody is asked; None: go on."""
    if not asks_to_commit(request):
        return None
    last = _last(context)
    if last.status != "failed":
        return None
    why = f": {last.reason}" if last.reason else ""
    said = f"nothing is committed: step {last.step!r} says failed{why}"
    return Outcome(status="skipped", notice=said)


def carried_out(outcome: Outcome, request: Request, context: StepContext) -> Outcome:
    """Commit what is uncommitted in the work tree with the message, after a passed verdict.

    Without a verdict, or without a work tree with a change in it, the message is all there is.
    """
    git = context.run.services.git
    if outcome.status != "succeeded" or not asks_to_commit(request) or git is None:
        return outcome
    last = _last(context)
    if last.status != "passed" or not git.status().files:
        return outcome
    made = git.commit(outcome.text, action="")
    said = f"committed {made.commit[:10]}: step {last.step!r} says passed"
    return replace(outcome, data=made.model_dump(mode="json"), notice=said)


def _last(context: StepContext) -> _Judgement:
    for result in reversed(context.scope.steps().values()):
        data = result.data
        if isinstance(data, Mapping) and {"status", "next_action"} <= data.keys():
            reasons = data.get("reasons") or [""]
            return _Judgement(result.name, str(data["status"]), str(reasons[0]))
    return _Judgement()
