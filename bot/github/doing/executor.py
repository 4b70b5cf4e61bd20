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
    StartCheck,
)
from bot.errors import Refused
from bot.github.doing import (
    branches,
    checks,
    comments,
    issues,
    labels,
    pulls,
    runs,
    started,
    threads,
)
from bot.github.doing.context import Doing
from bot.github.errors import GitHubError, Suspended
from bot.github.reading.refusals import key_of, words_of

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
    StartCheck: started.start_check,
}
"""`Analyse` is not among them: it is work on code, which `bot.flows` does."""


def carry_out(doing: Doing, command: AnyCommand) -> None:
    """Carry one command out; raises what its handler does, and what GitHub's refusal means.

    A refusal that a stage would wait for in vain is remembered, for the next reading to tell.
    """
    key = key_of(doing.life, command)
    try:
        HANDLERS[type(command)](doing, command)
    except (GitHubError, Refused) as error:
        if key is not None and not isinstance(error, Suspended):
            doing.app.refused.put(key, words_of(error))
        raise
    if key is not None:
        doing.app.refused.forget(key)
