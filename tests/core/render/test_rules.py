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
    "limits": [{"name": "degrees", "value": 5, "about": "degrees above zero", "least": 1}],
    "ignore": "# genesis:ignore cold-start -- why",
}


def test_how_sure_a_rule_is_and_what_its_fix_is_are_told() -> None:
    facts = as_text(RULE).splitlines()[1]
    assert facts == "stage 1, blocking, warning, high confidence, fix: assisted"


def test_limits_and_every_way_to_suppress_it_are_told() -> None:
    text = as_text(RULE)
    assert "- degrees, 5: degrees above zero" in text
    for part in (
        "# genesis:ignore cold-start -- why",
        "{cold-start: off}",
        "--write-baseline FILE",
    ):
        assert part in text
