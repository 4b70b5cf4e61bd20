"""From a command to the one handler of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.core.lifecycle.commands import (
    AnswerThread,
    AnyCommand,
    BlockStage,
    CancelRun,
    CloseIssue,
    Command,
    Dispatch,
    LinkStage,
    MarkReady,
    MoveBranch,
    PutCheck,
    PutComment,
    PutPull,
    PutStageIssue,
    React,
    RerunFailed,
    SetLabels,
)
from bot.github.doing import branches, checks, comments, issues, labels, pulls, runs, threads
from bot.github.doing.context import Doing

HANDLERS: Mapping[type[Command], Callable[[Doing, Any], None]] = {
    AnswerThread: threads.answer_thread,
    BlockStage: issues.block_stage,
    CancelRun: runs.cancel_run,
    CloseIssue: issues.close_issue,
    Dispatch: runs.dispatch,
    LinkStage: issues.link_stage,
    MarkReady: pulls.mark_ready,
    MoveBranch: branches.move_branch,
    PutCheck: checks.put_check,
    PutComment: comments.put_comment,
    PutPull: pulls.put_pull,
    PutStageIssue: issues.put_stage_issue,
    React: comments.react,
    RerunFailed: runs.rerun_failed,
    SetLabels: labels.set_labels,
}
"""`Analyse` is not among them: it is work on code, which `bot.flows` does."""


def carry_out(doing: Doing, command: AnyCommand) -> None:
    """Carry one command out; raises what its handler does, and what GitHub's refusal means."""
    HANDLERS[type(command)](doing, command)
