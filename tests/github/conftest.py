"""One local GitHub for each module of tests, as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.github.app_auth import App
from tests.github.between import Between, between
from tests.github.hub import Hub, Place
from tests.simulator.process import simulating
from tests.simulator.support import make_source


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    top = tmp_path_factory.mktemp("hub")
    shop, site = make_source(top / "shop"), make_source(top / "site")
    named = (f"acme/shop={shop}", f"other/site={site}")
    with simulating(*named, "--state", top / "state", "--private", "--no-limits") as (_, said):
        found = Hub(said)
        yield found
        found.close()


@pytest.fixture(scope="module")
def app(hub: Hub) -> Iterator[App]:
    found = hub.app()
    yield found
    found.close()


@pytest.fixture
def place(hub: Hub, app: App) -> Place:
    """A repository of the test's own."""
    return hub.place(app)


@pytest.fixture
def spy(hub: Hub) -> Iterator[Between]:
    """A server between us and GitHub, which notes what we ask."""
    with between(hub.said["url"]) as found:
        yield found
