"""Take back what a run did: one action with its dependents, or all branches of a plan."""

from __future__ import annotations

from dataclasses import dataclass

from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.core.plan import Plan
from bot.core.render.commit import trailers
from bot.core.state import RunState, StageState
from bot.errors import Refused, Unusable
from bot.github.plans import Plans


@dataclass(frozen=True)
class Undone:
    """One thing that was taken back, and how to get it again."""

    what: str
    again: str
    """A git command."""


def undo_plan(repository: Repository, plans: Plans, plan_id: str) -> tuple[Undone, ...]:
    """Delete the plan's branches; their tips stay reachable under `refs/genesis/`.

    Raises `Refused` when a branch holds commits that are not ours; then none is deleted.
    """
    with repository.locked():
        state = plans.load_state(plan_id)
        stages = [s for s in state.stages if s.tip and repository.ref(f"refs/heads/{s.branch}")]
        if not stages:
            raise Unusable(f"plan {plan_id!r} has no branch to undo", hint="`genesis log` shows what was done")
        for stage in stages:
            _require_ours(repository, stage)
        return tuple(_delete(repository, plans, plan_id, stage.number) for stage in reversed(stages))


def _require_ours(repository: Repository, stage: StageState) -> None:
    tip = repository.ref(f"refs/heads/{stage.branch}")
    if tip != stage.tip:
        raise Refused(f"branch {stage.branch!r} has commits that are not ours", hint="move them to a branch of yours, then undo")


def _delete(repository: Repository, plans: Plans, plan_id: str, number: int) -> Undone:
    state = plans.load_state(plan_id)
    stage = state.stage(number)
    kept = f"refs/genesis/undone-{plan_id}-stage-{number}"
    repository.update_ref(kept, stage.tip, repository.ref(kept), f"genesis undo {plan_id}")
    repository.update_ref(f"refs/heads/{stage.branch}", None, stage.tip, f"genesis undo {plan_id}")
    for action in stage.actions:
        if action.status == "committed":
            state = state.with_action(action.model_copy(update={"status": "undone", "reason": "the branch was undone"}))
    emptied = state.stage(number).model_copy(update={"tip": "", "status": "stopped"})
    plans.save_state(state.with_stage(emptied), f"Undo stage {number}")
    return Undone(f"branch {stage.branch}", f"git branch {stage.branch} {stage.tip}")


def undo_action(repository: Repository, plans: Plans, plan: Plan, action_id: str) -> tuple[Undone, ...]:
    """Revert one action's commit and those of its dependents, last first, on the newest branch that holds them."""
    with repository.locked():
        state = plans.load_state(plan.id)
        doomed = [a for a in _with_dependents(plan, action_id) if state.action(a).status == "committed"]
        if not doomed:
            raise Unusable(f"action {action_id!r} has no commit to undo", hint="`genesis log` shows what was done")
        last = [s for s in state.stages if s.tip][-1]
        _require_ours(repository, last)
        directory = repository.cache / "worktrees" / f"{plan.id}-undo"
        tree = Worktree.resume(repository, last.branch, plan.commit, directory)
        try:
            return tuple(_revert(tree, plans, plan, last.number, a) for a in reversed(doomed))
        finally:
            tree.remove()


def _with_dependents(plan: Plan, action_id: str) -> list[str]:
    found = [plan.action(action_id).id]
    for action in plan.actions():
        if action.id not in found and set(action.depends_on) & set(found) and action.stage < 5:
            found.append(action.id)
    return found


def _revert(tree: Worktree, plans: Plans, plan: Plan, stage_number: int, action_id: str) -> Undone:
    state: RunState = plans.load_state(plan.id)
    done = state.action(action_id)
    subject = f"Revert: {plan.action(action_id).title}".replace("`", "")
    sha = tree.revert(done.commit, f"{subject}\n\nThis reverts commit {done.commit}.", trailers(plan.id, action_id))
    state = state.with_action(done.model_copy(update={"status": "undone", "undo_commit": sha, "reason": "reverted"}))
    state = state.with_stage(state.stage(stage_number).model_copy(update={"tip": sha}))
    plans.save_state(state, f"Undo {action_id}")
    return Undone(f"{action_id} (commit {done.commit[:10]}) by {sha[:10]}", f"git revert {sha[:10]}")
