"""Results are short, and the same whenever the same thing happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.agents.tool_output import MAX_LINE, left_out, lines_of, middle_cut, settled, short_line

LINES = st.lists(st.text(st.characters(exclude_characters="\n"), max_size=30), max_size=60)
NOTE = left_out("lines", "ask for less")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Finished in 0.03 seconds (0.00s async, 0.03s sync)", "Finished in 12.1 seconds"),
        ("1 test\n\nRandomized with seed 1", "1 test\n\nRandomized with seed 77"),
        ("Running ExUnit with seed: 1, max_cases: 4\n.", "."),
        ("Compiling 3 files (.ex)\nGenerated shop app\n.", "."),
        ("12:00:01.123 [error] gone", "23:59:59.001 [error] gone"),
        ("  * test sells (12.3ms) [L#4]", "  * test sells (0.1ms) [L#4]"),
        ("exit #PID<0.123.0>, #Reference<0.1.2.3>", "exit #PID<0.9.0>, #Reference<0.9.9.9>"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("Analysis took 0.2 seconds (0.01s to load)", "Analysis took 9 seconds"),
    ],
    ids=lambda text: text.split()[0],
)  # fmt: skip
def test_two_runs_of_the_same_thing_read_the_same(one: str, other: str) -> None:
    assert settled(one) == settled(other)


def test_what_matters_stays() -> None:
    output = (
        "Compiling 1 file (.ex)\nwarning: unused variable x\n\n"
        "  1) test sells (ShopTest)\n     test/shop_test.exs:4\n     left: 1 (of 2)\n\n"
        "Finished in 0.1 seconds\n3 tests, 1 failure\n\nRandomized with seed 0\n"
    )
    assert settled(output) == (
        "warning: unused variable x\n\n"
        "  1) test sells (ShopTest)\n     test/shop_test.exs:4\n     left: 1 (of 2)\n\n"
        "Finished\n3 tests, 1 failure"
    )


def test_settled_output_stays_as_it_is() -> None:
    text = settled("Finished in 1 second\n12:00:00.000 [info] up in (3ms) at #PID<0.1.0>")
    assert settled(text) == text


def test_short_texts_are_whole() -> None:
    assert middle_cut(["a", "b"], NOTE) == "a\nb"
    assert middle_cut([], NOTE) == ""


def test_the_note_stands_where_the_lines_are_missing() -> None:
    cut = middle_cut([str(n) for n in range(100)], lambda a, b: f"{a} to {b}", limit=40)
    head, note, tail = cut.partition("\n[")
    assert note
    first, last = tail.split("]")[0].split(" to ")
    assert head.split("\n") == [str(n) for n in range(int(first))]
    assert tail.split("]\n")[1].split("\n") == [str(n) for n in range(int(last) + 1, 100)]


@given(LINES, st.integers(1, 400))
def test_a_cut_keeps_both_ends_and_says_exactly_how_many_are_missing(
    lines: list[str], limit: int
) -> None:
    cut = middle_cut(lines, lambda a, b: f"{a}-{b} left out", limit=limit)
    if sum(len(line) + 1 for line in lines) <= limit:
        assert cut == "\n".join(lines)
        return
    shown = cut.split("\n")
    at = next(
        i for i, line in enumerate(shown) if line == f"[{i}-{i + len(lines) - len(shown)} left out]"
    )
    assert shown[:at] == lines[:at]
    assert shown[at + 1 :] == lines[len(lines) - (len(shown) - at - 1) :]
    assert len(cut) <= limit + len(shown[at]) + 1


def test_a_very_long_line_is_cut_at_its_end() -> None:
    line = short_line("x" * (MAX_LINE + 7))
    assert line == "x" * MAX_LINE + "[... 7 more characters]"
    assert short_line("x" * MAX_LINE) == "x" * MAX_LINE


def test_only_a_line_feed_ends_a_line() -> None:
    assert lines_of("a\x0cb\u2028c\rd\ne\n") == ["a\x0cb\u2028c\rd", "e"]
    assert lines_of("") == []
    assert lines_of("\n") == [""]
