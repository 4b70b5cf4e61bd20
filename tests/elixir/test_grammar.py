"""What queries find, compiled or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.elixir import grammar, nodes

CODE = "def go(x) do\n  y = [a: {x, :b}]\n  send(y, fn -> -x end)\nend\n"


@given(
    st.lists(st.sampled_from(["a()", "b.c(1)", "d(e(f()))", "x |> y()"]), min_size=1, max_size=30)
)
def test_captures_come_in_source_order_outer_before_inner(lines: list[str]) -> None:
    root = nodes.parse("\n".join(lines).encode()).root_node
    places = [(n.start_byte, -n.end_byte) for n in grammar.captures("(call) @n", root)]
    assert places == sorted(places)
    assert len(places) == sum(line.count("(") for line in lines)


@pytest.mark.parametrize(
    "types", [("call",), ("pair", "tuple"), ("list", "tuple", "pair"), ("integer",), ("atom",)]
)
def test_a_query_finds_what_a_walk_does_whatever_else_it_finds(types: tuple[str, ...]) -> None:
    grammar.prepare("call", "unary_operator", "anonymous_function")
    grammar.prepare("list", "tuple", "pair")
    root = nodes.parse(CODE.encode()).root_node
    walked = [node for node in nodes.walk(root) if node.type in types]
    assert nodes.of_type(root, *types) == walked
    grammar.prepare(*types)
    assert grammar.by_query(types, root) == walked
    assert bool(walked) == (types != ("integer",))
