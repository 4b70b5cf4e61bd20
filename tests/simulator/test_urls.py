"""Addresses."""

from __future__ import annotations

import pytest

from bot.simulator.front import is_ours
from bot.simulator.urls import Urls, base_of


def test_bytes_that_are_no_text_keep_their_value() -> None:
    name = b"odd-\xff".decode("utf-8", "surrogateescape")
    assert Urls("http://h").page("acme/shop", "tree", name) == "http://h/acme/shop/tree/odd-%FF"


@pytest.mark.parametrize(
    ("host", "clone"),
    [
        ("127.0.0.1", "http://127.0.0.1:4400/acme/shop.git"),
        ("::1", "http://[::1]:4400/acme/shop.git"),
    ],
)
def test_an_address_of_either_kind_can_be_asked(host: str, clone: str) -> None:
    urls = Urls(base_of(host, 4400))
    assert urls.clone("acme/shop") == clone
    assert is_ours(clone.split("/")[2], urls.base)
    assert not is_ours("stranger.example", urls.base)
