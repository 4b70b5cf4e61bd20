"""How calls are written, whatever they mean."""

from __future__ import annotations

import pytest

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.written import written


@pytest.mark.parametrize(
    ("code", "args", "arity", "captured", "piped"),
    [
        ("f(a, b: 1, c: 2)", ["a", "b: 1, c: 2"], 2, False, False),
        ("f a do\n  1\nend", ["a"], 2, False, False),
        ("f()", [], 0, False, False),
        ("x |> f(a)", ["x", "a"], 2, False, True),
        ("x |> g() |> f(a)", ["g()", "a"], 2, False, True),
        ("f(a) |> g", ["a"], 1, False, False),
        ("&f.b/1_0", [], 10, True, False),
        ("f(a) / 2", ["a"], 1, False, False),
        ("&(f(&1) / &2)", ["&1"], 1, False, False),
    ],
)
def test_arguments_and_arity(
    code: str, args: list[str], arity: int, captured: bool, piped: bool
) -> None:
    calls = nodes.of_type(nodes.parse(code.encode()).root_node, "call")
    (call,) = (c for c in calls if text(c).startswith("f"))
    found = written(call)
    assert [text(arg) for arg in found.args] == args
    assert found[1:] == (arity, captured, piped)
