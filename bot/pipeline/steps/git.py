"""The git step: look at the uncommitted change, commit it, or drop it."""

from __future__ import annotations

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.work_steps import GitStep
from bot.pipeline.services import GitResult, GitService


def run_git(step: GitStep, context: StepContext) -> Outcome:
    """Data: `GitResult`. The text of `diff` is the diff."""
    git = context.need(context.run.services.git, "git", step)
    result = _carry_out(step, git, context)
    return Outcome(data=result.model_dump(mode="json"), text=result.diff or result.message)


def _carry_out(step: GitStep, git: GitService, context: StepContext) -> GitResult:
    if step.operation == "diff":
        return git.diff()
    if step.operation == "status":
        return git.status()
    if step.operation == "undo":
        return git.undo()
    return git.commit(context.render(step.message), action=context.render(step.action))
