"""One local GitHub for each module of tests that asks for one, as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.github.conftest import app, place
from tests.github.hub import Hub, local_hub

__all__ = ["app", "hub", "place"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with local_hub(tmp_path_factory.mktemp("hub")) as found:
        yield found
