"""Which rules of a branch bind who pushes."""

from __future__ import annotations

from bot.simulator.git import PushPolicy
from bot.simulator.identity.caller import Caller
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def push_policy(world: World, caller: Caller, repository: Repository) -> PushPolicy:
    """For the hook of a push and for changes of refs by the API."""
    return PushPolicy()
