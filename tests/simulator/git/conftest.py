"""A bare repository for each test, and a server for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.simulator.git import BareRepository
from tests.simulator.git.ordinary import work_tree
from tests.simulator.git.serving import Door, Server, serving


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """An ordinary repository with one commit on main."""
    return work_tree(tmp_path / "work")


@pytest.fixture
async def bare(tmp_path: Path, work: Path) -> AsyncIterator[BareRepository]:
    """A bare repository made of `work`."""
    made = BareRepository(tmp_path / "bare.git")
    await made.import_from(work)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started once; each test gets repositories of its own."""
    with serving(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def door(running_server: Server, work: Path) -> Door:
    """An empty log of pushes, and a repository `o/r` made of `work`."""
    return running_server.fresh(work)
