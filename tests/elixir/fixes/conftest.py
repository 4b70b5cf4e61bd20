"""The mix project factory shared by the tests of all codemods."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.elixir.fixes.support import MakeProject, write_project


@pytest.fixture(scope="session")
def mix_project(tmp_path_factory: pytest.TempPathFactory) -> MakeProject:
    """Make a mix project of the given files (defaults added) in a directory of its own."""

    def make(files: Mapping[str, str]) -> Path:
        return write_project(tmp_path_factory.mktemp("shop"), files)

    return make
