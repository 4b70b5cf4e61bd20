"""What a module knows of its clauses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.elixir.nodes import text
from tests.elixir.support import module

WORDS = ("send(x)", "x.send", "exit(x)", "x")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(WORDS)), max_size=8))
def test_clauses_that_hold_a_word_are_found_by_its_places(written: list[tuple[str, str]]) -> None:
    lines = "\n".join(f'  @doc "send"\n  def {name}(x), do: {body}' for name, body in written)
    found = module(
        f"defmodule Top do\n  use Send\n{lines}\n  defmodule In do\n    send(1)\n  end\nend"
    )
    for words in ((b"send",), (b"exit", b"send("), (b"absent",)):
        expected = [c for c in found.all_clauses() if any(w in (c.node.text or b"") for w in words)]
        assert found.clauses_with(*words) == expected


def test_the_clause_at_a_byte_is_the_one_around_it() -> None:
    found = module("defmodule Top do\n  def b(x), do: x\n  @a 1\n  def a(x), do: x\nend")
    code = found.source.data
    at = {byte: found.clause_at(byte) for byte in range(len(code))}
    assert {text(clause.node) for clause in at.values() if clause} == {
        "def b(x), do: x",
        "def a(x), do: x",
    }
    for byte, clause in at.items():
        around = [c for c in found.all_clauses() if c.node.start_byte <= byte < c.node.end_byte]
        assert clause is (around[0] if around else None)
