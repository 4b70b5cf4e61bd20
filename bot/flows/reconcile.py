"""What the branches show, against what the record says: after a kill, or a hand's work on them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.codebase.history import Commit, commits
from bot.codebase.repository import Repository
from bot.core.names import branch_of
from bot.core.state import RunState, StageState

PLAN, ACTION, UNDO = "Genesis-Plan", "Genesis-Action", "Genesis-Undo"
"""Trailers: whose commit it is, and the action it carries out or takes back."""


def free_branch(run_id: str) -> str:
    """Short name of the branch for what a pipeline commits outside of any plan."""
    return f"genesis/run/{run_id}"


def reconcile(repository: Repository, state: RunState) -> RunState:
    """The state with commits it does not know adopted, and those that are gone marked undone.

    A run killed between a commit and its record left the commit; doing the action again would
    find nothing to do.
    """
    start, seen = state.base, dict[str, tuple[str, str]]()
    for stage in state.stages:
        branch = branch_of(state.plan_id, stage.number)
        tip = repository.ref(f"refs/heads/{branch}") or start
        found = commits(repository, start, tip) if tip != start else ()
        seen |= _by_action(state, found)
        state = state.with_stage(_stage(stage, branch, tip if found else ""))
        start = tip
    return _actions(state, seen)


def foreign(repository: Repository, state: RunState, number: int) -> tuple[Commit, ...]:
    """Commits on a stage's branch that are not of this plan."""
    stage = state.stage(number)
    before = [s.tip for s in state.stages if s.number < number and s.tip]
    found = commits(repository, before[-1] if before else state.base, stage.tip)
    return tuple(c for c in found if c.trailers.get(PLAN) != state.plan_id)


def _by_action(state: RunState, found: tuple[Commit, ...]) -> dict[str, tuple[str, str]]:
    """(`committed` or `undone`, commit) by action; the newest commit of an action counts."""
    seen: dict[str, tuple[str, str]] = {}
    for commit in found:
        if commit.trailers.get(PLAN) != state.plan_id:
            continue
        if (action := commit.trailers.get(ACTION)) is not None:
            seen[action] = ("committed", commit.sha)
        elif (action := commit.trailers.get(UNDO)) is not None:
            seen[action] = ("undone", commit.sha)
    return seen


def _stage(stage: StageState, branch: str, tip: str) -> StageState:
    if tip == stage.tip:
        return stage
    status = "running" if tip else "pending"
    return stage.model_copy(update={"branch": branch, "tip": tip, "status": status})


def _actions(state: RunState, seen: Mapping[str, tuple[str, str]]) -> RunState:
    for known in (a for stage in state.stages for a in stage.actions):
        what, sha = seen.get(known.id, ("", ""))
        change: dict[str, str] = {}
        if what == "committed" and (known.status, known.commit) != ("committed", sha):
            change = {"status": "committed", "commit": sha, "undo_commit": "", "reason": ""}
        elif what == "undone" and known.status == "committed":
            change = {"status": "undone", "undo_commit": sha, "reason": "reverted"}
        elif not what and known.status == "committed":
            change = {"status": "undone", "reason": "its commit is not on the branch any more"}
        if change:
            state = state.with_action(known.model_copy(update=change))
    return state
