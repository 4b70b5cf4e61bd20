"""No form of a secret is left in a log."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.actions.runner.masks import Masker

SECRET = "s3cr3t+value/1"
KEY = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\n  indented line\n-----END KEY-----\n"


def masked(secret: str, text: str) -> str:
    masker = Masker()
    masker.add(secret)
    return masker.mask(text)


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        "s3cr3t%2Bvalue%2F1",
    ],
)
def test_forms_are_masked(form: str) -> None:
    assert masked(SECRET, f"<{form}>") == "<***>"


@pytest.mark.parametrize("prefix", ["", "u:", "us:", "use:", "user:"])
def test_a_secret_inside_other_base64_is_masked(prefix: str) -> None:
    encoded = base64.b64encode(f"{prefix}{SECRET}:tail".encode()).decode()
    shown = masked(SECRET, encoded)
    assert "***" in shown
    assert len(shown) < len(encoded)


def test_each_line_of_a_secret_is_masked() -> None:
    masker = Masker()
    masker.add(KEY)
    for line in KEY.splitlines():
        assert masker.mask(f"| {line}") in ("| ***", "|   ***")


def test_braces_of_a_secret_in_json_are_left_alone() -> None:
    assert masked('{\n"key": "long-enough"\n}', "{ }") == "{ }"


def test_the_longer_secret_wins() -> None:
    masker = Masker()
    masker.add("abc")
    masker.add("abcdef")
    assert masker.mask("abcdef abc") == "*** ***"


@pytest.mark.parametrize("secret", ["", " ", "\n\n"])
def test_nothing_is_no_secret(secret: str) -> None:
    assert masked(secret, "a b\n\nc") == "a b\n\nc"


@given(st.text(min_size=3, max_size=20).filter(lambda t: len(t.strip()) > 2 and "*" not in t))
def test_no_secret_survives(secret: str) -> None:
    shown = masked(secret, f"before {secret} after {json.dumps(secret)}")
    assert secret not in shown


def test_secrets_that_overlap_leave_no_ends() -> None:
    masker = Masker()
    masker.add("abcdef")
    masker.add("defghi")
    assert masker.mask("x abcdefghi y") == "x *** y"
    assert masker.mask("abcdefdefghi") == "***"


@given(st.lists(st.text("abc", min_size=3, max_size=6), min_size=1, max_size=4), st.text("abc"))
def test_of_what_is_covered_by_secrets_nothing_is_left(secrets: list[str], text: str) -> None:
    masker = Masker()
    for secret in secrets:
        masker.add(secret)
    covered = [False] * len(text)
    for value in masker.values:
        for at in range(len(text)):
            if text.startswith(value, at):
                covered[at : at + len(value)] = [True] * len(value)
    assert masker.mask(text).replace("***", "") == "".join(
        c for c, hidden in zip(text, covered, strict=True) if not hidden
    )


def test_when_more_is_to_be_hidden_than_can_be_nothing_is_shown() -> None:
    masker = Masker()
    for number in range(3_000):
        masker.add(f"value {number}")
    shown = masker.mask("value 2999 and nothing else")
    assert "2999" not in shown
    assert "no output is shown" in shown
    assert masker.mask("") == ""
