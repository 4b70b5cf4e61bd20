"""Logs as steps, groups and lines."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.pages.runs.logs import SHOWN_LINES, Line, groups_of, step_logs
from bot.simulator.records.actions import Step

AT = "2026-11-25T20:00:00.1234567Z "


def step(number: int = 1, conclusion: str | None = "success") -> Step:
    return Step.model_validate(
        {
            "number": number,
            "name": "Run mix test",
            "status": "completed" if conclusion else "in_progress",
            "conclusion": conclusion,
            "started_at": datetime(2026, 11, 25, 20, 0, tzinfo=UTC),
            "completed_at": datetime(2026, 11, 25, 20, 1, tzinfo=UTC) if conclusion else None,
        }
    )


def test_groups_hold_what_comes_until_they_end() -> None:
    lines = ["a", "##[group]Run x", "b", "##[endgroup]", "##[error]c", "\x1b[31mred\x1b[0m"]
    shown = groups_of([AT + line for line in lines])
    assert [(group.title, group.lines) for group in shown] == [
        ("", [Line(1, "", "a")]),
        ("Run x", [Line(3, "", "b")]),
        ("", [Line(5, "error", "c"), Line(6, "", "red")]),
    ]


def test_a_group_that_is_not_ended_ends_with_the_next() -> None:
    shown = groups_of(["##[group]one", "a", "##[group]two", "b"])
    assert [(group.title, len(group.lines)) for group in shown] == [("one", 1), ("two", 1)]


def test_what_failed_or_is_at_work_is_unfolded() -> None:
    steps = [step(1), step(2, "failure"), step(3, None), step(4, "skipped")]
    shown = step_logs(steps, {1: "a\n", 2: "b\n", 3: "c\n"})
    assert [each.open for each in shown] == [False, True, True, False]
    assert [each.seconds for each in shown] == [60, 60, None, 60]


def test_of_a_long_log_the_end_is_shown_with_its_numbers() -> None:
    text = "".join(f"line {n}\n" for n in range(1, SHOWN_LINES + 11))
    (shown,) = step_logs([step()], {1: text})
    assert shown.cut == 10
    assert shown.groups[0].lines[0] == Line(11, "", "line 11")
    assert len(shown.groups[0].lines) == SHOWN_LINES


@given(st.lists(st.sampled_from(["x", "##[group]g", "##[endgroup]", "##[error]e", AT, ""])))
def test_no_line_is_lost(lines: list[str]) -> None:
    shown = [line for group in groups_of(lines) for line in group.lines]
    marks = sum(line.startswith(("##[group]", "##[endgroup]")) for line in lines)
    assert len(shown) == len(lines) - marks
    assert [line.number for line in shown] == sorted(line.number for line in shown)
