"""Take back what a run did: one action with its dependents, or all branches of a plan."""

from __future__ import annotations

from dataclasses import dataclass

from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.core.plan import Plan
from bot.core.state import RunState, StageState
from bot.errors import Refused, Unusable
from bot.flows.reconcile import PLAN, UNDO, foreign, reconcile
from bot.flows.selection import LAST_CARRIED_OUT
from bot.github.plans import Plans

LOG = "`genesis log` shows what was done"


@dataclass(frozen=True)
class Undone:
    """One thing that was taken back, and how to get it again."""

    what: str
    again: str
    """A git command."""


def undo_plan(repository: Repository, plans: Plans, plan_id: str) -> tuple[Undone, ...]:
    """Delete the plan's branches; their tips stay reachable under `refs/genesis/`.

    Raises `Refused` when a branch is checked out or holds commits that are not ours; then none
    is deleted.
    """
    with repository.locked():
        state = reconcile(repository, plans.load_state(plan_id))
        stages = [stage for stage in state.stages if stage.tip]
        if not stages:
            raise Unusable(f"plan {plan_id!r} has no branch to undo", hint=LOG)
        _require_ours(repository, state, stages)
        for stage in reversed(stages):
            state = _delete(repository, state, stage)
        state = _all_undone(state)
        plans.save_state(state, f"Undo {', '.join(stage.branch for stage in stages)}")
        again = [f"git branch {stage.branch} {stage.tip}" for stage in stages]
        return tuple(Undone(f"branch {s.branch}", a) for s, a in zip(stages, again, strict=True))


def _require_ours(repository: Repository, state: RunState, stages: list[StageState]) -> None:
    for stage in stages:
        ref = f"refs/heads/{stage.branch}"
        if repository.git.line("for-each-ref", "--format=%(worktreepath)", ref):
            raise Refused(
                f"branch {stage.branch!r} is checked out",
                hint="switch to another branch, then undo again",
            )
        if theirs := foreign(repository, state, stage.number):
            raise Refused(
                f"branch {stage.branch!r} has commits that are not ours: {theirs[-1].sha[:10]}",
                hint="move them to a branch of yours, then undo again",
            )


def _delete(repository: Repository, state: RunState, stage: StageState) -> RunState:
    kept = f"refs/genesis/undone-{state.plan_id}-stage-{stage.number}"
    reason = f"genesis undo {state.plan_id}"
    repository.update_ref(kept, stage.tip, repository.ref(kept), reason)
    repository.update_ref(f"refs/heads/{stage.branch}", None, stage.tip, reason)
    emptied = {"tip": "", "status": "stopped"}
    return state.with_stage(state.stage(stage.number).model_copy(update=emptied))


def _all_undone(state: RunState) -> RunState:
    for action in (a for stage in state.stages for a in stage.actions):
        if action.status == "committed":
            gone = {"status": "undone", "reason": "the branch was undone"}
            state = state.with_action(action.model_copy(update=gone))
    return state


def undo_action(
    repository: Repository, plans: Plans, plan: Plan, action_id: str
) -> tuple[Undone, ...]:
    """Revert one action's commit and those of its dependents, last first, on the newest branch."""
    with repository.locked():
        state = reconcile(repository, plans.load_state(plan.id))
        doomed = [a for a in _with_dependents(plan, action_id) if _committed(state, a)]
        if not doomed:
            raise Unusable(f"action {action_id!r} has no commit to undo", hint=LOG)
        last = [stage for stage in state.stages if stage.tip][-1]
        _require_ours(repository, state, [last])
        directory = repository.cache / "worktrees" / f"{plan.id}-undo"
        tree = Worktree.resume(repository, last.branch, plan.commit, directory)
        done: list[Undone] = []
        try:
            for action in reversed(doomed):
                state, undone = _revert(tree, state, plan, last.number, action)
                plans.save_state(state, f"Undo {action}")
                done.append(undone)
        finally:
            tree.remove()
        return tuple(done)


def _committed(state: RunState, action_id: str) -> bool:
    return state.action(action_id).status == "committed"


def _with_dependents(plan: Plan, action_id: str) -> list[str]:
    found = [plan.action(action_id).id]
    for action in plan.actions():
        carried_out = action.stage <= LAST_CARRIED_OUT
        if carried_out and action.id not in found and set(action.depends_on) & set(found):
            found.append(action.id)
    return found


def _revert(
    tree: Worktree, state: RunState, plan: Plan, stage_number: int, action_id: str
) -> tuple[RunState, Undone]:
    done = state.action(action_id)
    subject = f"Revert: {plan.action(action_id).title}".replace("`", "")
    message = f"{subject}\n\nThis reverts commit {done.commit}."
    sha = tree.revert(done.commit, message, {PLAN: plan.id, UNDO: action_id})
    gone = {"status": "undone", "undo_commit": sha, "reason": "reverted"}
    state = state.with_action(done.model_copy(update=gone))
    state = state.with_stage(state.stage(stage_number).model_copy(update={"tip": sha}))
    what = f"{action_id} (commit {done.commit[:10]}) by {sha[:10]}"
    return state, Undone(what, f"git revert {sha[:10]}")
