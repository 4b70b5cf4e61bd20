"""Registering Apps from manifests."""

from __future__ import annotations

import pytest

from bot.simulator.domain.apps.manifests import Manifest, register
from tests.simulator.proposing import caller_of
from tests.simulator.support import Simulated

pytestmark = pytest.mark.anyio


async def test_a_key_that_nobody_fetched_is_not_kept(sim: Simulated) -> None:
    caller = caller_of(sim, "admin")
    assert caller.actor is not None
    manifest = Manifest(url="http://bot.test", redirect_url="http://bot.test/back")
    await register(sim.world, caller, caller.actor, manifest, "One")
    sim.world.clock.advance(3600)
    fresh = await register(sim.world, caller, caller.actor, manifest, "Two")
    assert [row.code for row in sim.world.tables.manifest_codes] == [fresh]
