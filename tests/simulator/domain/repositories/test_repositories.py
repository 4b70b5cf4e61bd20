"""Names of repositories."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.domain.repositories.repositories import usable_name
from bot.simulator.errors import ApiError


@given(st.text(max_size=150) | st.text(alphabet=".git/-", max_size=12))
def test_a_name_is_usable_or_refused(name: str) -> None:
    try:
        spelt = usable_name(name)
    except ApiError:
        return
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,100}", spelt)
    assert spelt not in (".", "..")
    assert usable_name(spelt) == spelt


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("my store", "my-store"),
        ("shop.git.git", "shop"),
        (" a ", "a"),
        ("käse", "k-se"),
        ("a/b", "a-b"),
    ],
)
def test_odd_letters_become_dashes(name: str, spelt: str) -> None:
    assert usable_name(name) == spelt


@pytest.mark.parametrize("name", ["", " ", ".", "..", ".git", "a" * 101])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ApiError) as refused:
        usable_name(name)
    assert refused.value.status == 422
