from __future__ import annotations

import random
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.regex import MAX_EFFORT, compiled, matches
from bot.core.regex_program import MAX_PATTERN, MAX_PROGRAM, PatternError

LONG = "a" * 200_000


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a|a)*b",
        r"(a|aa)+$",
        r".*.*.*=.*",
        r"(.*)*x",
        r"(a?){50}a{50}b",
        r"a*a*a*a*a*b",
    ],
)
def test_patterns_that_never_come_back_in_python_end_here(pattern: str) -> None:
    assert matches(pattern, LONG + "!") is False


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r".*ex", "lib/a.ex", True),
        (r"\.ex$", "lib/a.ex", True),
        (r"\.ex$", "lib/a.exs", False),
        (r"\.ex$", "lib/a.ex\n", True),
        (r"\.ex\Z", "lib/a.ex\n", False),
        (r"^[a-z]+_test\.py$", "my_test.py", True),
        (r"^b", "a\nb", False),
        (r"(?m)^b$", "a\nb\nc", True),
        (r"(?m)a$", "a\n\n", True),
        (r"(?i)ERROR", "an Error", True),
        (r"(?i)[A-F]+\Z", "xyz abc", True),
        (r"(?s)a.b", "a\nb", True),
        (r"a.b", "a\nb", False),
        (r"\bcat\b", "a cat.", True),
        (r"\bcat\b", "concat", False),
        (r"\Bcat", "concat", True),
        (r"(?x) a  b # words", "ab", True),
        (r"a{2,3}c", "aac", True),
        (r"^a{2,3}$", "aaaa", False),
        (r"", "", True),
        (r"$", "", True),
        (r"\d+\s\w", "12 ä", True),
        (r"(?a)\w", "ä", False),
        (r"[^\W\d]", "12_", True),
        (r"a|b|", "zzz", True),
        (r"(?P<year>\d{4})-(?:\d\d)", "on 2026-11-25", True),
    ],
)
def test_it_means_what_python_means(pattern: str, text: str, found: bool) -> None:
    assert matches(pattern, text) is found
    assert (re.search(pattern, text) is not None) is found


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(a)\1", "back references are not supported"),
        (r"(?=a)", "look-ahead and look-behind are not supported"),
        (r"(?<!a)b", "look-ahead and look-behind are not supported"),
        (r"(a)?(?(1)b|c)", "conditional groups are not supported"),
        (r"a++", "possessive repeats are not supported"),
        (r"(?>a)", "atomic groups are not supported"),
        ("(", "missing \\)"),
        ("a{99999}", "too large"),
        ("((a{50}){50}){50}", "too large"),
        ("(((){999}){999}){999}", "too large"),
        ("a" * (MAX_PATTERN + 1), f"at most {MAX_PATTERN}"),
        ("(" * 990 + ")" * 990, "nested too deeply"),
    ],
)
def test_what_cannot_be_bounded_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        matches(pattern, "a")


def test_a_pattern_whose_states_explode_is_stopped_not_waited_for() -> None:
    text = "".join(random.Random(1).choices("ab", k=100_000))  # noqa: S311 - a seeded text, no secret
    with pytest.raises(PatternError, match="too costly"):
        matches("(a|b)*a(a|b){400}(c|d)", text)
    assert len(text) * MAX_PROGRAM > MAX_EFFORT


def test_what_a_pattern_remembers_is_bounded() -> None:
    pattern = compiled("x.{5}y")
    assert not pattern.search("".join(map(chr, range(0x4E00, 0x9000))) * 3)
    assert pattern._remembered <= 200_000


_PIECES = st.sampled_from(
    [
        *"ab.^$ \n", "a*", "[ab]", "[^a]", "(a|b)", "(ab)*", r"\b", r"\B", r"\w", r"\W", r"\s",
        r"\Z", "b+?", "(a|)", "(?:a*b)*", "b{2}", "a{1,2}", "a?", "(?i:A)", "(b|a$)",
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=6).map("".join), st.text("abA \n_é", max_size=12))
@settings(max_examples=1500, deadline=None)
def test_any_pattern_finds_what_pythons_engine_finds(pattern: str, text: str) -> None:
    for flags in ("", "(?m)", "(?s)", "(?i)"):
        try:
            expected = re.search(flags + pattern, text) is not None
        except re.error:
            continue
        if not text and r"\B" in pattern:
            continue  # Python says an empty text has no \B either, and means to change that
        assert matches(flags + pattern, text) is expected


@given(st.text("ab[](){}*+?|^$\\.d-,1:<=!", max_size=12), st.text("ab", max_size=5))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_pattern_or_a_pattern_error(pattern: str, text: str) -> None:
    with suppress(PatternError):
        matches(pattern, text)
