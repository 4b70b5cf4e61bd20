"""Rules as `genesis explain` tells them."""

from __future__ import annotations

from bot.core.render.rules import as_text

RULE = {
    "id": "cold-start",
    "title": "Cold start",
    "category": "blocking",
    "stage": 1,
    "severity": "warning",
    "confidence": "high",
    "fix": "assisted",
    "explanation": "It is cold.",
    "harm": "People freeze.",
    "remedy": "Light a fire.",
    "bad": [{"a.ex": "cold()"}],
    "good": [{"a.ex": "warm()"}],
    "exemptions": [],
}


def test_how_sure_a_rule_is_and_what_its_fix_is_are_told() -> None:
    facts = as_text(RULE).splitlines()[1]
    assert facts == "stage 1, blocking, warning, high confidence, fix: assisted"
