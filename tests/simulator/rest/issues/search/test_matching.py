"""Words and phrases in texts."""

from __future__ import annotations

import pytest

from bot.simulator.rest.issues.search.matching import phrase_pattern


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("plan", "The plan.", True),
        ("plan", "The planet.", False),
        ("PLAN", "a plan", True),
        ("the plan", "The  -- plan", True),
        ("the plan", "the good plan", False),
        ("genesis:plan:12", "x <!-- genesis:plan:12 --> y", True),
        ("genesis:plan:12", "<!-- genesis:plan:123 -->", False),
        ("<!-- genesis plan -->", "<!--genesis:plan-->", True),
        ("größe", "Die GRÖSSE? Die Größe!", True),
        ("lib/shop.ex", "in lib/shop.ex:12", True),
    ],
)
def test_words_stand_next_to_each_other(phrase: str, text: str, found: bool) -> None:
    pattern = phrase_pattern(phrase)
    assert pattern is not None
    assert bool(pattern.search(text)) is found


def test_a_phrase_without_words_looks_for_nothing() -> None:
    assert phrase_pattern("--> !") is None
