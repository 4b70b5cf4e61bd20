"""The simulator's fixtures: `sim` is one over a small repository, `acme/shop`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.simulator.support import Simulated, make_source, simulated


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with one commit; nobody writes to it."""
    return make_source(tmp_path_factory.mktemp("source") / "shop")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def sim(tmp_path: Path, shop: Path) -> AsyncIterator[Simulated]:
    """Without rate limits, as the tests ask more than a bot would."""
    async with simulated(tmp_path / "state", shop) as running:
        yield running
