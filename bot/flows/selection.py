"""Which actions of a plan a run is about, and which of them still have to be tried."""

from __future__ import annotations

from bot.core.plan import Action, Plan
from bot.core.state import BLOCKED, ActionStatus, RunState
from bot.errors import Unusable

LAST_CARRIED_OUT = 4
"""Stage 5 is the rollout, which people do."""


def selected(plan: Plan, *, stage: int | None, only: str) -> tuple[Action, ...]:
    """Actions of a stage, or those whose id starts with `only`, with everything they depend on.

    Raises `Unusable` when nothing is called that.
    """
    actions = tuple(a for a in plan.actions() if a.stage <= LAST_CARRIED_OUT)
    wanted = {
        a.id for a in actions if stage in (None, a.stage) and (not only or a.id.startswith(only))
    }
    if only and not wanted:
        where = f"stage {stage} of the plan" if stage is not None else "the plan"
        hint = f"`genesis show {plan.id} --stage N` lists them"
        raise Unusable(f"{where} has no action {only!r}", hint=hint)
    for action in reversed(actions):
        if action.id in wanted:
            wanted.update(action.depends_on)
    return tuple(a for a in actions if a.id in wanted)


def to_try(
    chosen: tuple[Action, ...], state: RunState, *, again: bool, models: bool = False
) -> tuple[tuple[Action, ...], dict[str, str]]:
    """Actions to carry out, in order; and by id what is missing for those that cannot be.

    `again`: the user named them, so what failed or was undone is tried once more. `models`: one
    can be asked, so advice that was left to a person is tried.
    """
    trying: dict[str, Action] = {}
    blocked: dict[str, str] = {}
    for action in chosen:
        if not _waits(action, state, again=again, models=models):
            continue
        missing = [n for n in action.depends_on if n not in trying and not _done(n, state)]
        if missing:
            blocked[action.id] = missing[0]
        else:
            trying[action.id] = action
    return tuple(trying.values()), blocked


def waiting(action: Action, missing: str) -> tuple[ActionStatus, str]:
    """What an action is while another one is not done; a question of its own can be answered."""
    if action.fix == "assisted" and action.diff:
        return "patch", f"{action.decision} It {BLOCKED}{missing}.".lstrip()
    return "skipped", f"{BLOCKED}{missing}, which is not done"


def _waits(action: Action, state: RunState, *, again: bool, models: bool) -> bool:
    known = state.action(action.id)
    if known.status == "pending":
        return True
    if again:
        return known.status not in ("committed", "declined")
    if known.status == "skipped":
        untried = models and action.fix == "advice" and not known.attempts
        return untried or known.reason.startswith(BLOCKED)
    # An automatic fix is left as a patch only where the project could not be built.
    return action.fix == "automatic" and known.status == "patch"


def _done(action_id: str, state: RunState) -> bool:
    return state.action(action_id).status == "committed"
