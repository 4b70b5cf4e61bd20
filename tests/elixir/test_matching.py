"""Patterns and values: told apart only by what is written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Node

from bot.elixir.matching import can_match, is_tagged, surely_matches
from bot.elixir.nodes import parse
from bot.elixir.outline import Module, modules_of
from bot.elixir.source import Source


def module() -> Module:
    code = b"defmodule Shop.A do\n  alias Shop.Tick\n  @tick :tick\n  @pair {:tick, 1}\nend\n"
    return modules_of(Source("lib/a.ex", code))[0]


def pair(pattern: str, value: str) -> tuple[Node, Node]:
    left, right = (parse(code.encode()).root_node.named_children[0] for code in (pattern, value))
    return left, right


def matches(pattern: str, value: str) -> bool:
    return can_match(*pair(pattern, value), module())


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("message", ":tick"),
        ("_", "{:tick, 1}"),
        (":tick", ":tick"),
        ("@tick", ":tick"),
        ("{:tick, _}", "@pair"),
        ("{tag, _}", "{:tick, 1}"),
        ("{:tick, _} = message", "{:tick, 1}"),
        ("{^ref, _}", "{0, result}"),
        ("%{event: name}", "%{event: 1}"),
        ("[first | _]", "[1, 2]"),
        ('"a" <> rest', '"ab"'),
        ('"a"', '"a"'),
        ("Tick", "Shop.Tick"),
        ("record(a: 1)", "{:tick, 1}"),
        ("nil", "nil"),
    ],
)
def test_may_match(pattern: str, value: str) -> None:
    assert matches(pattern, value)
    assert matches(value, pattern)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (":tick", ":tock"),
        ("@tick", ":tock"),
        (":tick", "{:tick, 1}"),
        ("{:tick, _}", "{:tick, 1, 2}"),
        ("{:done, _}", "{0, result}"),
        ("{{:a, _}, _}", "{0, result}"),
        ("%Task{}", "{0, result}"),
        ("{:tock, _} = message", "{:tick, 1}"),
        ('"a"', '"b"'),
        ("Tick", "Other.Tick"),
        ("nil", ":tick"),
        ("[]", "%{}"),
    ],
)
def test_cannot_match(pattern: str, value: str) -> None:
    assert not matches(pattern, value)
    assert not matches(value, pattern)


TERMS = st.recursive(
    st.sampled_from([":a", ":b", "1", '"s"', "nil", "%{}", "[]"]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda xs: f"{{{', '.join(xs)}}}"),
    max_leaves=6,
)


@given(TERMS)
def test_a_term_matches_itself_and_its_name(term: str) -> None:
    assert matches(term, term)
    assert matches("x", term)
    assert not matches(term, f"{{{term}}}")


@pytest.mark.parametrize(
    ("code", "tagged"),
    [
        (":tick", True),
        ("@pair", True),
        ("{:tick, x}", True),
        ("Tick", True),
        ("{ref, x}", False),
        ("message", False),
        ("{}", False),
        ("%{a: 1}", False),
    ],
)
def test_tags(code: str, tagged: bool) -> None:
    assert is_tagged(parse(code.encode()).root_node.named_children[0], module()) is tagged


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("state", "build(opts)"),
        (":tick", ":tick"),
        ("@tick", ":tick"),
        ("{:tick, after}", "{:tick, opts * 2}"),
        ("{:tick, _} = message", "{:tick, f()}"),
        ("%{n: n} = state", "%{n: f(), m: 1}"),
        ("%{n: 1}", "%{n: 1}"),
        ("%State{n: n}", "%State{n: 2}"),
        ("%{n: n}", "%State{n: 2}"),
        ("%{}", "%{n: 2}"),
        ("{a, {b, c}}", "{1, {x, y}}"),
    ],
)
def test_surely_matches(pattern: str, value: str) -> None:
    assert surely_matches(*pair(pattern, value), module())


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (":tick", "tick"),
        ("{:tick, 1}", "{:tick, one}"),
        ("{a, b}", "state"),
        ("{a, b}", "{1, 2, 3}"),
        ("%{n: n}", "%{m: 1}"),
        ("%{n: 1}", "%{n: one}"),
        ("%State{}", "%{n: 1}"),
        ("%{n: n}", "%{state | n: 1}"),
        ("%{:n => n}", "%{n: 1}"),
        ("^ref", "ref"),
        ("[first | _]", "[]"),
        ("__MODULE__", "name"),
        ('"a" <> rest', '"ab"'),
    ],
)
def test_may_not_match(pattern: str, value: str) -> None:
    assert not surely_matches(*pair(pattern, value), module())
