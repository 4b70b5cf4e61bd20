"""Waiting for what GitHub does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tests.github.hub import Place

T = TypeVar("T")


def until(look: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """The first answer that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def with_workflow(place: Place, name: str, text: str) -> None:
    """A workflow on `main`, once GitHub knows of it."""
    place.commit("main", {f".github/workflows/{name}": text})
    where = f"/actions/workflows/{name}"
    until(lambda: place.raw("admin", "GET", where).status_code == 200, "the workflow is known")
