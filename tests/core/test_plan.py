"""The order of a plan's actions, and finding one of them."""

from __future__ import annotations

import pytest

from tests.factories import action, plan


def ids(*wanted: str, **changes: tuple[str, ...]) -> list[str]:
    made = plan(
        *(
            action(id=i, stage=int(i[0]), depends_on=changes.get(f"after_{i[2:]}", ()))
            for i in wanted
        )
    )
    return [a.id for a in made.actions()]


def test_actions_come_by_stage() -> None:
    assert ids("2-b", "1-a", "4-d") == ["1-a", "2-b", "4-d"]


def test_an_action_follows_what_it_depends_on() -> None:
    assert ids("1-a", "1-b", after_a=("1-b",)) == ["1-b", "1-a"]


def test_an_independent_later_stage_does_not_overtake_a_dependent_earlier_one() -> None:
    assert ids("1-a", "1-b", "2-c", after_a=("1-b",)) == ["1-b", "1-a", "2-c"]


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="depend on each other"):
        ids("1-a", "1-b", after_a=("1-b",), after_b=("1-a",))


def test_an_action_is_found_by_the_start_of_its_id() -> None:
    made = plan(action(id="1-spawn-aa"), action(id="1-spawn-ab"))
    assert made.action("1-spawn-ab").id == "1-spawn-ab"


@pytest.mark.parametrize("given", ["1-spawn", "nope"])
def test_an_ambiguous_or_unknown_id_is_refused(given: str) -> None:
    made = plan(action(id="1-spawn-aa"), action(id="1-spawn-ab"))
    with pytest.raises(KeyError):
        made.action(given)
