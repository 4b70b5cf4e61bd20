"""Checkboxes in Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.pages.markdown import Markdown
from bot.simulator.pages.references import Setting
from bot.simulator.pages.tasks import toggled
from tests.simulator.pages.browser import Element, Reader

PLAN = """# Plan

- [ ] first `[ ]`
- [x] second
  1. [X] nested
* [ ] other list

```
- [ ] code
```
- plain [ ] text
"""
WHERE = {2: False, 3: True, 4: True, 5: False}
"""Lines of the tasks, and whether they are done."""


def boxes(text: str, form: str = "f1") -> list[Element]:
    reader = Reader()
    reader.feed(str(Markdown().render(text, Setting("acme/shop", form=form))))
    return [e for e in reader.elements if e["role"] == "checkbox"]


def test_every_task_is_a_button_that_names_its_line() -> None:
    found = {int(b["value"]): b["aria-checked"] == "true" for b in boxes(PLAN)}
    assert found == WHERE
    assert {b["form"] for b in boxes(PLAN)} == {"f1"}


def test_who_may_not_tick_sees_boxes_without_buttons() -> None:
    assert [b.tag for b in boxes(PLAN, form="")] == ["span"] * 4
    assert {b["aria-disabled"] for b in boxes(PLAN, form="")} == {"true"}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line", WHERE)
def test_ticking_changes_one_character(line: int, ending: str) -> None:
    before = PLAN.replace("\n", ending)
    after = toggled(before, line)
    assert after is not None
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == 1
    assert (changed[0][1] == " ") is WHERE[line]


@pytest.mark.parametrize("line", [0, 1, 8, 10, 11, 99, -1])
def test_what_is_no_task_is_not_ticked(line: int) -> None:
    assert toggled(PLAN, line) is None


@pytest.mark.parametrize("before", ["\ue000", "&#xE000;"])
def test_nobody_writes_a_box_by_hand(before: str) -> None:
    assert boxes(f"{before}7x\ue001 - [ ] {before}8 \ue001") == []
    assert boxes(f'<a title="{before}7x&#xE001;">x</a>') == []


def test_a_box_stands_in_no_attribute() -> None:
    text = "<div><a title='\n\n- [ ] caught'>x</a></div>\n\n- [ ] free"
    assert [box["value"] for box in boxes(text)] == ["4"]


@given(
    st.lists(
        st.sampled_from(["- [ ] a", "- [x] b", "  - [ ] c", "text", "", "> - [ ] q"]), max_size=12
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_is_shown_can_be_ticked_and_back(lines: list[str], ending: str) -> None:
    text = ending.join(lines)
    for box in boxes(text):
        line = int(box["value"])
        once = toggled(text, line)
        assert once is not None
        assert once != text
        again = toggled(once, line)
        assert again == text
