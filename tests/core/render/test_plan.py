"""The plan's documents."""

from __future__ import annotations

from bot.core.plan import UNTRIED
from bot.core.render.plan import documents
from tests.factories import action, plan


def test_there_is_a_readme_and_a_document_per_stage() -> None:
    names = list(documents(plan(action())))
    assert names[0] == "README.md"
    assert [n for n in names if n.startswith("stage-")] == names[1:]
    assert len(names) == 6


def test_a_stage_shows_everything_an_action_carries() -> None:
    full = action(
        before="spawn(fun)",
        after="start(fun)",
        test_code="test",
        decision="Which one?",
        invariant="It still runs.",
        depends_on=("1-add-x",),
        fix="assisted",
        diff="--- a/lib/a.ex",
    )
    text = documents(plan(full))["stage-1-critical-fixes.md"]
    for part in (
        full.id,
        "unsupervised-spawn-0123456789",
        "lib/a.ex:3",
        "spawn(fun)",
        "start(fun)",
        f"Which one? {UNTRIED}",
        "It still runs.",
        "1-add-x",
        "Run the suite.",
        "- [ ] the finding is gone",
    ):
        assert part in text


def test_the_readme_orders_actions_and_shows_both_trees() -> None:
    made = plan(
        action(id="1-b", depends_on=("1-a",)), action(id="1-a"), tree_planned="graph TD\n  n9"
    )
    text = documents(made)["README.md"]
    assert text.index("1. `1-a`") < text.index("2. `1-b`")
    assert "(after `1-a`)" in text
    assert "n9" in text


def test_an_unchanged_tree_is_not_drawn_twice() -> None:
    assert "Unchanged." in documents(plan(action()))["README.md"]
