"""What texts refer to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.domain.issues.references import Reference, close_keywords, mentions, references

SEVEN = Reference(7)
ELSEWHERE = Reference(7, "acme/shop")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#7", [SEVEN]),
        ("(#7), #8.", [SEVEN, Reference(8)]),
        ("#7 and #7", [SEVEN]),
        ("GH-7", [SEVEN]),
        ("acme/shop#7", [ELSEWHERE]),
        ("see http://github.test/acme/shop/issues/7", [ELSEWHERE]),
        ("https://github.com/acme/shop/pull/7#issuecomment-1", [ELSEWHERE]),
        ("- [ ] #7", [SEVEN]),
        ("line\n#7\nline", [SEVEN]),
        ("", []),
        ("#", []),
        ("#seven", []),
        ("#7a", []),
        ("a#7", []),
        ("&#7;", []),
        ("x/y/z#7", []),
        ("#0x7", []),
        ("`#7`", []),
        ("```\n#7\n```\n#8", [Reference(8)]),
        ("~~~~\n#7\n```\n~~~~\n#8", [Reference(8)]),
        ("```\n#7", []),
        ("<!-- #7 --> #8", [Reference(8)]),
        ("<!-- #7", []),
        ("#99999999999999999999", []),
    ],
)
def test_references(text: str, expected: list[Reference]) -> None:
    assert references(text) == expected


@pytest.mark.parametrize(
    "word",
    "close closes closed fix fixes fixed resolve resolves resolved CLOSES Fixes closes:".split(),
)
def test_nine_words_close(word: str) -> None:
    assert close_keywords(f"This {word} #7.") == [SEVEN]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Closes acme/shop#7", [ELSEWHERE]),
        ("fixes http://github.test/acme/shop/issues/7", [ELSEWHERE]),
        ("resolves GH-7", [SEVEN]),
        ("Closes #7, closes #8", [SEVEN, Reference(8)]),
        ("Closes #7, #8", [SEVEN]),
        ("Closes #7 and closes #7", [SEVEN]),
        ("Part of #7", []),
        ("Closes#7", []),
        ("Closes\n#7", []),
        ("Closing #7", []),
        ("encloses #7", []),
        ("un-fixes #7", []),
        ("`Closes #7`", []),
        ("<!-- Closes #7 -->", []),
        ("```\nCloses #7\n```", []),
        ("Closes #7x", []),
        ("Closes issue #7", []),
    ],
)
def test_what_a_text_closes(text: str, expected: list[Reference]) -> None:
    assert close_keywords(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@reader", ["reader"]),
        ("cc @a-b, @c; (@reader)", ["a-b", "c", "reader"]),
        ("@reader @reader", ["reader"]),
        ("me@reader.test", []),
        ("`@reader`", []),
        ("@acme/team", []),
        ("@@reader", []),
        ("@-x", []),
    ],
)
def test_mentions(text: str, expected: list[str]) -> None:
    assert mentions(text) == expected


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert set(close_keywords(text)) <= set(references(text))
    assert all(0 <= reference.number < 10**9 for reference in references(text))
    assert len(mentions(text)) == len(set(mentions(text)))


@given(st.integers(1, 999_999), st.sampled_from(["", "acme/shop"]), st.text("ab .,\n", max_size=9))
def test_a_reference_is_found_between_words(number: int, name: str, around: str) -> None:
    text = f"{around} Fixes {name}#{number} {around}"
    expected = [Reference(number, name or None)]
    assert references(text) == expected
    assert close_keywords(text) == expected


@pytest.mark.parametrize("hostile", ["`" * 60_000, "<!--" * 15_000, "#1" * 30_000, "a/" * 30_000])
@pytest.mark.timeout(20)
def test_a_hostile_text_is_read_in_time(hostile: str) -> None:
    assert len(references(hostile)) <= 1
    assert close_keywords(hostile) == []
