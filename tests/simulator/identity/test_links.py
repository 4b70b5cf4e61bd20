"""Links that need no token."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.simulator.identity.links import is_signed, signature_for
from tests.simulator.support import Simulated, simulated

pytestmark = pytest.mark.anyio


async def test_a_link_is_good_for_its_subject_and_a_while(sim: Simulated) -> None:
    signature = signature_for(sim.world, "/a", timedelta(minutes=1))
    assert is_signed(sim.world, "/a", signature)
    assert not is_signed(sim.world, "/b", signature)
    assert not is_signed(sim.world, "/a", signature[:-3] + "abc")
    assert not is_signed(sim.world, "/a", "")
    sim.world.clock.advance(61)
    assert not is_signed(sim.world, "/a", signature)


async def test_a_link_outlives_a_restart_but_not_its_simulator(tmp_path: Path, shop: Path) -> None:
    async with simulated(tmp_path / "one", shop) as sim:
        signature = signature_for(sim.world, "/a")
    async with simulated(tmp_path / "one", shop) as sim:
        assert is_signed(sim.world, "/a", signature)
    async with simulated(tmp_path / "two", shop) as sim:
        assert not is_signed(sim.world, "/a", signature)
