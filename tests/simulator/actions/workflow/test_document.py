"""YAML as GitHub reads it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.actions.workflow.document import MAX_BYTES, WorkflowError, plain, read


def load(text: str) -> Any:
    return plain(read(text.encode(), "ci.yml"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("True", True),
        ("~", None),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("2026-11-25", "2026-11-25"),
        ("1:30", "1:30"),
        ("'1'", "1"),
        ("!!str 1", "1"),
        (".inf", float("inf")),
        ("<<", "<<"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    assert load(f"a: {text}") == {"a": value}


def test_on_is_a_key() -> None:
    assert load("on: push\n1: x\ntrue: y") == {"on": "push", "1": "x", "true": "y"}


def test_anchors_are_followed() -> None:
    assert load("a: &x {k: [1]}\nb: *x") == {"a": {"k": [1]}, "b": {"k": [1]}}


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "(Line: 2, Col: 1): 'a' is already defined"),
        ("a: [1", "(Line: 2, Col: 1)"),
        ("a: !!python/object:os.system x", "(Line: 1, Col: 4): The tag"),
        ("a: *nobody", "The anchor 'nobody' does not exist"),
        ("? [a]\n: 1", "A mapping key must be a scalar"),
        ("a: 1\n---\nb: 2", "Only one document is allowed"),
        ("", "The file is empty"),
        ("[" * 60 + "]" * 60, "Maximum object depth 50 exceeded"),
        ("[" * 200_000, "exceeded maximum nesting depth"),
        (BOMB, "more than 50,000 nodes"),
        ("a: &x [*x]", "The anchor 'x' does not exist"),
        ("x: " + "a" * MAX_BYTES, "larger than 500 KB"),
        ("a: \x07", "ci.yml"),
    ],
)
def test_what_is_refused_says_where(text: str, message: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        load(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith("ci.yml")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(WorkflowError, match="not UTF-8"):
        read(b"a: \xff", "ci.yml")


@given(st.text(alphabet="ab:-[]{}&*!#'\"\n |>?%@,", max_size=60))
def test_any_text_gives_data_or_a_named_error(text: str) -> None:
    with suppress(WorkflowError):
        load(text)
