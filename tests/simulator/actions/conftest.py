"""Fixtures of the Actions tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.actions.hosting import Bench, MemoryHost


@pytest.fixture
def host(tmp_path: Path) -> MemoryHost:
    folder = tmp_path / "host"
    folder.mkdir()
    return MemoryHost(folder)


@pytest.fixture
def bench(tmp_path: Path, host: MemoryHost) -> Bench:
    return Bench(tmp_path, host)
