"""Which face an address belongs to."""

from __future__ import annotations

import pytest

from bot.simulator.surface import Surface, surface_of


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/api/v3", "api"),
        ("/api/v3/zen", "api"),
        ("/api/graphql", "api"),
        ("/api/graphql-notes", None),
        ("/api/v30", None),
        ("/acme/shop.git/info/refs", "git"),
        ("/acme/shop/issues", None),
        ("/_simulator/clock", None),
    ],
)
def test_faces(path: str, surface: Surface | None) -> None:
    assert surface_of(path) == surface
