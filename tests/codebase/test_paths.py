"""Globs, and names that some file system takes for one another."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.paths import Glob, similar, spelling
from bot.errors import Refused

PATHS = (
    "mix.exs",
    ".formatter.exs",
    "lib/shop.ex",
    "lib/shop/cart.ex",
    "test/a_test.exs",
    "a[1].ex",
)


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("**/*", set(PATHS)),
        ("**", set(PATHS)),
        ("*", {"mix.exs", ".formatter.exs", "a[1].ex"}),
        ("*.ex", {"a[1].ex"}),
        ("**/*.ex", {"lib/shop.ex", "lib/shop/cart.ex", "a[1].ex"}),
        ("lib/**", {"lib/shop.ex", "lib/shop/cart.ex"}),
        ("lib/**/*.ex", {"lib/shop.ex", "lib/shop/cart.ex"}),
        ("lib/*/*.ex", {"lib/shop/cart.ex"}),
        ("**/**/**/cart.ex", {"lib/shop/cart.ex"}),
        ("{lib,test}/*.{ex,exs}", {"lib/shop.ex", "test/a_test.exs"}),
        ("lib/{,shop/}*.ex", {"lib/shop.ex", "lib/shop/cart.ex"}),
        ("lib/sh?p.ex", {"lib/shop.ex"}),
        ("lib/[r-t]hop.ex", {"lib/shop.ex"}),
        ("lib/[!s]hop.ex", set()),
        ("a[[]1].ex", {"a[1].ex"}),
        ("LIB/shop.ex", set()),
        ("lib/shop.ex", {"lib/shop.ex"}),
        ("lib", set()),
        ("lib/shop.exs", set()),
    ],
)
def test_globs(pattern: str, matched: set[str]) -> None:
    glob = Glob.of(pattern)
    assert {path for path in PATHS if glob.matches(path)} == matched


@pytest.mark.parametrize(
    "pattern", ["../*", "/etc/*", "lib/../../*", ".git/*", "{a,../b}", "{.,}git/*", ""]
)
def test_a_glob_does_not_look_outside(pattern: str) -> None:
    with pytest.raises(Refused):
        Glob.of(pattern)


def test_globs_of_any_size_end() -> None:
    assert not Glob.of("/".join(["**"] * 80) + "/x").matches("/".join("a" * 200))
    assert not Glob.of("*a" * 200 + "b").matches("a" * 250)
    for pattern in ("{a,b}" * 20, "a" * 501):
        with pytest.raises(Refused):
            Glob.of(pattern)


NAMES = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3)
WILD = st.lists(st.sampled_from(["a", "*", "?", "**", "a*"]), min_size=1, max_size=3)


@given(NAMES, WILD)
def test_globs_agree_with_python(path: list[str], pattern: list[str]) -> None:
    """Its matcher knows no `**`, so each is written out as up to three names."""
    folders = [range(4) if part == "**" else (None,) for part in pattern]
    if pattern[-1] == "**":
        folders[-1] = range(1, 4)
    expected = False
    for choice in product(*folders):
        names = [
            name
            for part, count in zip(pattern, choice, strict=True)
            for name in ([part] if count is None else ["*"] * count)
        ]
        expected |= len(names) == len(path) and Path(*path).match("/".join(names))
    assert Glob.of("/".join(pattern)).matches("/".join(path)) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("README", "readme"),
        ("caf\u00e9", "cafe\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("a\u200bb", "ab"),
    ],
)
def test_names_that_may_be_one_file(one: str, other: str) -> None:
    assert spelling(one) == spelling(other)


@given(st.text(max_size=10))
def test_a_spelling_is_spelled_like_itself(name: str) -> None:
    assert spelling(spelling(name)) == spelling(name)


def test_similar_paths_have_the_same_name_or_nearly() -> None:
    assert similar("shop/cart.ex", PATHS) == ("lib/shop/cart.ex",)
    assert similar("lib/Shop.ex", PATHS) == ("lib/shop.ex",)
    assert similar("lib/shop/carts.ex", PATHS)[0] == "lib/shop/cart.ex"
    assert similar("completely/else.py", PATHS) == ()
