"""Browsers over the running simulator."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulator.pages.browser import Browser
from tests.simulator.support import Simulated

Visit = Callable[[str], Browser]


@pytest.fixture
def visit(sim: Simulated) -> Visit:
    """`visit("reader")` is a browser of the reader's."""
    return lambda login: Browser(sim, login)


@pytest.fixture
def admin(visit: Visit) -> Browser:
    return visit("admin")


@pytest.fixture
def reader(visit: Visit) -> Browser:
    return visit("reader")
