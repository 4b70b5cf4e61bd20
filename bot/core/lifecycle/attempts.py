"""Attempts at a stage: when one may begin, and what it is told."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from bot.core.lifecycle.budgets import put_off, spent
from bot.core.lifecycle.facts import Facts, Role, StageFacts, may
from bot.core.lifecycle.state import BUSY, Asked, Cause, PlanLife, StageLife
from bot.core.plan import Plan

FEEDBACK = 20_000
"""Characters of what failed that the next attempt is told."""

SHOWN = 300
"""Characters of a strange text inside a reason."""


def fresh(stage: StageLife, asked: Asked, cause: Cause, only: str = "") -> StageLife:
    """The stage as a person asks for it: approved, with its whole budget."""
    return stage.model_copy(
        update={
            "status": "approved",
            "before": None,
            "approved": asked,
            "cause": cause,
            "only": only,
            "failures": 0,
            "fingerprints": (),
            "stuck": "",
            "not_before": None,
            "reason": "",
        }
    )


def again(stage: StageLife, cause: Cause, feedback: str = "") -> StageLife:
    """The stage waiting for one more attempt."""
    update = {"status": "approved", "before": None, "cause": cause, "reason": "", "stuck": ""}
    return stage.model_copy(update={**update, "feedback": feedback[:FEEDBACK]})


def after_failure(stage: StageLife, cause: Cause, fingerprint: str, feedback: str) -> StageLife:
    """One more attempt, unless the one before failed in the same way."""
    twice = bool(stage.fingerprints) and stage.fingerprints[-1] == fingerprint
    seen = stage.model_copy(update={"fingerprints": (*stage.fingerprints, fingerprint)})
    if twice:
        said = shown(feedback)
        why = f"The same failure twice in a row: {said}" if said else "The same failure twice"
        return give_up(seen.model_copy(update={"feedback": feedback[:FEEDBACK]}), cause, why)
    return again(seen, cause, feedback)


def give_up(stage: StageLife, cause: Cause, why: str) -> StageLife:
    """The stage waiting for a person, or for the red checks that led there to turn green."""
    asked = ask(stage, why)
    if cause != "checks":
        return asked
    return asked.model_copy(update={"before": "checking", "stuck": asked.reason})


def ask(stage: StageLife, why: str) -> StageLife:
    """The stage waiting for a person, who is told why and how to go on."""
    n = stage.number
    how = f"`/genesis retry stage {n}` tries again, `/genesis skip {n}` goes on without it."
    reason = f"{why.rstrip('. ')}. {how}"
    update = {"status": "needs-human", "before": None, "reason": reason, "stuck": ""}
    return stage.model_copy(update=update)


def abandon(stage: StageLife) -> StageLife:
    """The stage with the attempt in flight given up."""
    if stage.status not in BUSY:
        return stage
    return stage.model_copy(update={"status": "paused", "before": stage.status})


def begin(life: PlanLife, stage: StageLife, facts: Facts) -> StageLife:
    """The next attempt at an approved stage, or why there is none."""
    seen = facts.stage(stage.number)
    if not approval_stands(life, stage, facts):
        return _unapproved(stage, facts)
    if why := spent(life, stage, facts):
        return give_up(stage, stage.cause, why)
    if seen.branch != stage.head:
        return ask(stage, taken(stage, seen))
    if not facts.repository.workflow:
        return stage.model_copy(update={"reason": no_workflow(facts)})
    if not facts.repository.base:
        return stage.model_copy(update={"reason": "Waits for the base branch, which is missing"})
    if (later := put_off(life, stage, facts)) is not None:
        return later
    return stage.model_copy(
        update={
            "status": "queued",
            "before": None,
            "reason": "",
            "attempt": stage.attempt + 1,
            "failures": stage.failures + 1,
            "base": facts.repository.base,
            "run": 0,
            "flying": True,
            "dispatched": facts.now,
            "since": facts.now,
            "not_before": None,
        }
    )


def no_workflow(facts: Facts) -> str:
    """Why no run can be started, and what mends it."""
    file = f"`.github/workflows/{facts.policy.workflow}`"
    if facts.repository.switched_off:
        return (
            f"Waits for the workflow {file}, which is switched off: enable it on the Actions page"
        )
    return (
        f"Waits for the workflow {file}, which is not on the default branch: commit there what"
        " `genesis config workflow` prints"
    )


def taken(stage: StageLife, seen: StageFacts) -> str:
    """Why the branch is not ours to move."""
    if seen.foreign:
        who = ", ".join(f"`{shown(name)}`" for name in seen.foreign[:3])
        return f"{who} pushed to the branch, so it is left alone. Take the commits off or merge it"
    if not seen.branch:
        return "The branch was deleted"
    if not stage.head:
        return "There is a branch of that name already. Delete it first"
    return "The branch is not where it was left, so it is not moved any more"


def approval_stands(life: PlanLife, stage: StageLife, facts: Facts) -> bool:
    """Whether the person who approved the stage still may."""
    asked = stage.approved
    return asked is not None and may(_role(life, asked, facts), facts.policy.needs("approve"))


def _role(life: PlanLife, asked: Asked, facts: Facts) -> Role:
    """The right of a person now; none where nobody says so."""
    if asked.source == "policy":
        return facts.requested if asked.actor == life.requested.actor else "none"
    if asked.actor in facts.roles:
        return facts.roles[asked.actor]
    # Who has just asked for the first time is known from what they said.
    ticked = [t.role for t in facts.ticks if t.actor == asked.actor]
    said = [c.role for c in facts.comments if c.id == asked.id and c.author == asked.actor]
    return next(iter(ticked if asked.source == "tick" else said), "none")


def _unapproved(stage: StageLife, facts: Facts) -> StageLife:
    need, n = facts.policy.needs("approve"), stage.number
    why = f"Its approval does not count any more: that takes the role {need}"
    if stage.attempt:
        return ask(stage.model_copy(update={"approved": None}), why)
    update = {"status": "planned", "approved": None}
    return stage.model_copy(update={**update, "reason": f"{why}. Say `/genesis approve stage {n}`"})


def blame(stage: StageLife, plan: Plan | None, paths: Iterable[str]) -> StageLife:
    """The stage without the actions in whose files the checks failed, if any would be left."""
    named, stages = set(paths), plan.stages if plan is not None else ()
    actions = [a for s in stages if s.number == stage.number for a in s.actions]
    guilty = [a.id for a in actions if named & {within(plan, f.path) for f in a.files}]
    dropped = _union(stage.dropped, guilty)
    left = [a for a in actions if a.id not in dropped and (not stage.only or a.id == stage.only)]
    return stage.model_copy(update={"dropped": dropped}) if left else stage


def within(plan: Plan | None, path: str) -> str:
    """A path of the plan, from the top of the repository."""
    return f"{plan.path}/{path}" if plan is not None and plan.path else path


def mark(*parts: str) -> str:
    """A fingerprint for a failure that brought none."""
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def shown(text: str) -> str:
    """The beginning of a strange text, on one line."""
    line = " ".join(text[: 2 * SHOWN].split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]} …"


def _union(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))
