"""How the simulator serves."""

from __future__ import annotations

import httpx
import pytest

from bot.simulator.server import server_for
from tests.simulator.support import Simulated


@pytest.mark.anyio
async def test_an_idle_connection_is_open_for_longer_than_clients_keep_theirs(
    sim: Simulated,
) -> None:
    client_keeps = httpx.Limits().keepalive_expiry
    assert client_keeps is not None
    assert server_for(sim.world).config.timeout_keep_alive > client_keeps
