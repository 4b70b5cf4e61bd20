"""The whole App for each module of tests that plays it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.app_support import Running, playing


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of ours and a local GitHub; in the end nothing went wrong unseen."""
    with playing(tmp_path_factory.mktemp("app")) as running:
        yield running
        running.check_whole()
