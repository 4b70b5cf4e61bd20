"""Checks that do not begin by themselves."""

from __future__ import annotations

from urllib.parse import quote

from bot.core.lifecycle.commands import StartCheck
from bot.core.names import branch_of
from bot.github.doing.context import Doing
from bot.github.reading.started import was_started


def start_check(doing: Doing, command: StartCheck) -> None:
    """Start it on the stage's branch, unless it was; raises what GitHub's refusal means.

    Where an answer is lost it may run twice on a commit: two results of the same checks.
    """
    key = doing.key("check", command.workflow, command.head)
    with doing.app.made.turn(key):
        if doing.app.made.get(key):
            return
        if not was_started(doing.client, command.workflow, command.head):
            where = f"./actions/workflows/{quote(command.workflow, safe='')}/dispatches"
            body = {"ref": branch_of(doing.life.plan, command.stage)}
            doing.client.post("actions", where, body, creates=False)
        doing.app.made.put(key, True)
