"""Small questions about syntax nodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Node

from bot.elixir import nodes


def first(code: str) -> Node:
    return nodes.parse(code.encode()).root_node.named_children[0]


def test_arguments_leave_comments_out_and_keep_keywords_together() -> None:
    call = first("run(a, # why\n  b, retry: 1, log: false)")
    assert [n.type for n in nodes.arguments(call)] == ["identifier", "identifier", "keywords"]
    assert {k: nodes.text(v) for k, v in nodes.call_keywords(call).items()} == {
        "retry": "1",
        "log": "false",
    }


def test_a_key_given_twice_counts_once() -> None:
    assert nodes.text(nodes.call_keywords(first("run(a: 1, a: 2)"))["a"]) == "1"


def test_keywords_of_an_inner_list_are_not_the_calls() -> None:
    assert list(nodes.call_keywords(first("run(opts: [deep: 1])"))) == ["opts"]


def test_statements_leave_out_rescue_and_comments() -> None:
    block = nodes.do_block(first("try do\n  # one\n  a()\n  b()\nrescue\n  _ -> c()\nend"))
    assert [nodes.text(n) for n in nodes.statements(block)] == ["a()", "b()"]


def test_clause_patterns_leave_the_guard_out() -> None:
    block = nodes.do_block(first("receive do\n  {:a, x} when x > 1 -> x\nend"))
    (stab,) = nodes.clauses(block)
    assert [nodes.text(n) for n in nodes.clause_patterns(stab)] == ["{:a, x}"]


def test_contains_is_not_strict() -> None:
    node = first("f(x)")
    assert nodes.contains(node, node)
    assert not nodes.contains(nodes.arguments(node)[0], node)


@given(st.text(max_size=200))
def test_any_text_parses_to_a_tree(code: str) -> None:
    assert nodes.parse(code.encode("utf-8", "surrogatepass")).root_node.type == "source"


@pytest.mark.parametrize(
    "code", ["f x do\n  1\nend", "f(x)", "f do # a\n  1 # b\nend", "f x, # a\n  y"]
)
def test_the_do_block_of_a_call_is_the_one_among_its_children(code: str) -> None:
    call = first(code)
    found = next((child for child in call.named_children if child.type == "do_block"), None)
    assert nodes.do_block(call) == found
    assert (found is not None) == (" do" in code)
