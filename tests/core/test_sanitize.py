"""No secret leaves, no hidden character comes in."""

from __future__ import annotations

import base64
import json
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.sanitize import MASK, SHORTEST_SECRET, mask, strip_comments, strip_hidden

SECRET = st.text(st.characters(codec="utf-8"), min_size=SHORTEST_SECRET, max_size=40).filter(
    lambda s: len(s.strip()) >= SHORTEST_SECRET and "*" not in s
)
TEXT = st.text(max_size=60)


@given(TEXT, SECRET, TEXT)
def test_a_secret_never_survives(before: str, secret: str, after: str) -> None:
    assert secret.strip() not in mask(before + secret + after, [secret])


@given(SECRET, TEXT)
def test_a_secret_never_survives_inside_json(secret: str, text: str) -> None:
    for ascii_only in (True, False):
        encoded = json.dumps({"code": text + secret}, ensure_ascii=ascii_only)
        masked = mask(encoded, [secret])
        escaped = json.dumps(secret.strip(), ensure_ascii=ascii_only)[1:-1]
        assert escaped not in masked


@given(SECRET)
def test_a_secret_never_survives_encoded(secret: str) -> None:
    plain = secret.strip()
    url, packed = quote(plain, safe=""), base64.b64encode(plain.encode()).decode()
    masked = mask(f"GET /?key={url} Basic {packed}", [secret])
    assert url not in masked
    assert packed not in masked


@given(TEXT)
def test_without_secrets_ordinary_text_is_left_alone(text: str) -> None:
    assert mask(text) == text
    assert mask(text, ["", "   ", "short"]) == text


@given(TEXT, SECRET)
def test_masking_twice_changes_nothing_more(text: str, secret: str) -> None:
    once = mask(text + secret, [secret])
    assert mask(once, [secret]) == once


def test_the_longer_of_two_overlapping_secrets_goes_first() -> None:
    assert mask("abcdefghij", ["abcdef", "abcdefghij"]) == MASK


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a" * 36,
        "ghs_" + "B1" * 20,
        "ghs_1016_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMDE2In0." + "c2lnbmF0dXJl",
        "AKIA" + "A2" * 8,
        "xoxb-" + "12345678901-abc",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMDE2In0." + "c2lnbmF0dXJl",
        "github_pat_" + "a1_" * 20,
        "sk-ant-api03-" + "x-_9" * 10,
        "AIza" + "x" * 35,
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n+abc/=\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----",
    ],
)
def test_tokens_are_known_by_their_shape(token: str) -> None:
    assert mask(f"key: {token}.") == f"key: {MASK}."
    assert mask(f'{{"a": "{token}"}}') == f'{{"a": "{MASK}"}}'


@pytest.mark.parametrize(
    "text",
    [
        "ghp_short",
        "ghs_1016_",
        "AKIATOOSHORT",
        "xoxo",
        "eyJ.eyJ.x",
        "mask-ant-colony",
        "AIzatoo-short",
        "sk-ant-1",
    ],
)
def test_look_alikes_stay(text: str) -> None:
    assert mask(text) == text


def test_a_key_never_reaches_from_one_json_string_into_another() -> None:
    text = json.dumps(["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"])
    assert json.loads(mask(text))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb\u2066c", "abc"),
        ("ig\u200bno\u200dre\ufeff", "ignore"),
        ("x\U000e0041\U000e0042y", "xy"),
        ("v\ufe0e\U000e0101", "v"),
        ("red \x1b[31mtext\x1b[0m", "red text"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07", "link"),
        ("a\r\nb\tc\x00\x07", "a\nb\tc"),
        ("over\rwritten", "overwritten"),
        ("soft\u00adhyphen", "softhyphen"),
        ("é ü 漢字 🙂", "é ü 漢字 🙂"),
    ],
)
def test_what_nobody_sees_is_dropped(text: str, seen: str) -> None:
    assert strip_hidden(text) == seen


@given(st.text())
def test_only_visible_characters_are_left(text: str) -> None:
    left = strip_hidden(text)
    assert all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} for c in left)
    assert strip_hidden(left) == left


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"])))
def test_printable_ascii_is_left_alone(text: str) -> None:
    assert strip_hidden(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a<!-- do evil -->b", "ab"),
        ("a<!-- never closed\nrest", "a"),
        ("<!<!-- x -->-- y -->z", "z"),
        ("a -> b <- c", "a -> b <- c"),
    ],
)
def test_comments_are_dropped(text: str, seen: str) -> None:
    assert strip_comments(text) == seen


@given(st.text(alphabet="<!->ab"))
def test_no_comment_survives(text: str) -> None:
    assert "<!--" not in strip_comments(text)
