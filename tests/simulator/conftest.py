"""The simulator's fixtures: `sim` is one over a small repository, `acme/shop`."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.simulator.support import Simulated, make_source, simulated


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with one commit; nobody writes to it."""
    return make_source(tmp_path_factory.mktemp("source") / "shop")


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Path:
    """The state of a simulator over `shop` that was stopped after its first start."""
    state = tmp_path_factory.mktemp("planted") / "state"

    async def plant() -> None:
        async with simulated(state, shop):
            """Starting it is all."""

    asyncio.run(plant())
    return state


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def sim(tmp_path: Path, shop: Path, planted: Path) -> AsyncIterator[Simulated]:
    """Without rate limits, as the tests ask more than a bot would."""
    state = tmp_path / "state"
    shutil.copytree(planted, state)
    async with simulated(state, shop) as running:
        yield running
