"""The estimate is near a real tokenizer's count, and no text can break it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tokens import estimate

SAMPLES = Path(__file__).parents[1] / "fixtures" / "tokens"
COUNTED = {"elixir": 354, "prose": 374, "json": 661, "diff": 742}
"""Tokens of the samples as counted with o200k."""


@pytest.mark.parametrize("kind", COUNTED)
def test_estimate_is_within_a_tenth_of_a_tokenizers_count(kind: str) -> None:
    text = (SAMPLES / f"{kind}.txt").read_text()
    assert estimate(text) == pytest.approx(COUNTED[kind], rel=0.1)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("7" * 5_000, 1_667),
        ("这个模块是一个监督树的例子" * 60, 540),
        ("Le superviseur redémarre chaque processus arrêté à cause d'une erreur. " * 30, 451),
    ],
    ids=["digits", "Chinese", "French"],
)
def test_unusual_text_is_not_far_off(text: str, counted: int) -> None:
    assert estimate(text) == pytest.approx(counted, rel=0.3)


def test_one_endless_word_is_not_one_token() -> None:
    assert estimate("a" * 100_000) > 10_000
    assert estimate("=" * 100_000) > 1_000


def test_only_an_empty_text_has_no_tokens() -> None:
    assert estimate("") == 0
    assert estimate(" ") == estimate("\n") == 1


@given(st.text())
def test_any_text_has_at_least_one_token_and_no_more_than_bytes(text: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    assert (size > 0) <= estimate(text) <= 2 * size


@given(st.text(), st.text())
def test_more_text_is_not_fewer_tokens(text: str, more: str) -> None:
    """But for what joins at the seam."""
    assert estimate(text + more) >= max(estimate(text), estimate(more)) - 1
    assert estimate(text + more) <= estimate(text) + estimate(more) + 2


@given(st.text(st.characters(categories=["Cs", "Co", "Cc", "So"])))
def test_surrogates_and_controls_are_text_too(text: str) -> None:
    assert estimate(text) >= 0
