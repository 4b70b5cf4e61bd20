"""Faults become typed errors, and headers become seconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ModelUnavailable, NeedsModel, OtpError, Unusable
from bot.llm.vendors.vendor_errors import Fault, Kind, as_error, reason_of, seconds_to_wait

NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_how_long_a_vendor_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_to_wait(headers, now=NOON) == seconds


@given(st.text())
def test_no_header_breaks_the_reading(text: str) -> None:
    seconds = seconds_to_wait({"retry-after": text, "retry-after-ms": text}, now=NOON)
    assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("kind", "error", "hint"),
    [
        ("key", NeedsModel, "check GEMINI_API_KEY"),
        ("billing", Unusable, "plan"),
        ("model", Unusable, "GENESIS_GEMINI_MODEL"),
        ("size", Unusable, "give it less to read"),
        ("request", Unusable, "its message says why"),
        ("address", Unusable, "base URL"),
        ("unavailable", ModelUnavailable, "try again later"),
    ],
)
def test_each_kind_has_its_error_and_its_hint(kind: Kind, error: type[OtpError], hint: str) -> None:
    made = as_error(Fault(kind, "so said it"), "gemini", "gemini-x", "the-key")
    assert type(made) is error
    assert hint in made.hint
    assert "so said it" in made.message


@given(st.text(), st.text(min_size=6).filter(lambda key: key.strip() == key))
def test_a_message_is_one_short_line_without_the_key(said: str, key: str) -> None:
    made = as_error(Fault("request", f"{said}{key} {said}"), "anthropic", "m", key)
    assert "\n" not in made.message
    assert len(made.message) < 700
    assert key not in made.message.removeprefix("anthropic: m: ") or key in "***"


@pytest.mark.parametrize(
    ("status", "named", "reason"),
    [
        (408, "", "timeout"),
        (429, "", "rate_limit"),
        (500, "", "api_error"),
        (503, "", "overloaded"),
        (504, "", "timeout"),
        (529, "", "overloaded"),
        (200, "overloaded_error", "overloaded"),
        (200, "rate_limit_error", "rate_limit"),
        (200, "api_error", "api_error"),
    ],
)
def test_why_it_is_unavailable_is_kept(status: int, named: str, reason: str) -> None:
    fault = Fault("unavailable", "x", reason=reason_of(status, named))
    error = as_error(fault, "anthropic", "claude-x", "the-key")
    assert isinstance(error, ModelUnavailable)
    assert error.reason == reason
