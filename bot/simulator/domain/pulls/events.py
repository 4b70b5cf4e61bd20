"""Telling of pull requests: the event `pull_request`."""

from __future__ import annotations

from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.identity.caller import Caller
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.views.pulls import pull_view
from bot.simulator.world import World


def tell_pull(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    **extra: Any,
) -> None:
    """`extra` are the action's own keys: `label`, `changes`, `before` and `after`, …"""
    shown = pull_view(world, pull)
    tell(
        world,
        "pull_request",
        action,
        caller,
        repository,
        number=pull.number,
        pull_request=shown,
        **extra,
    )
