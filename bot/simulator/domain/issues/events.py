"""Telling of changes to issues, which for a pull request is the event `pull_request`."""

from __future__ import annotations

from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.pulls.events import tell_pull
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.views.issues import issue_view
from bot.simulator.world import World


def tell_issue(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    **extra: Any,
) -> None:
    """`extra` are the action's own keys: `label`, `assignee`, `changes`, …"""
    pull = world.tables.pulls.get(issue.pull_id)
    if pull is not None:
        tell_pull(world, action, caller, repository, pull, **extra)
    else:
        shown = issue_view(world, issue)
        tell(world, "issues", action, caller, repository, issue=shown, **extra)
