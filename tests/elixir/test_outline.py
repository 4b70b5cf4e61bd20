"""Modules, functions and clauses as they stand in a file."""

from __future__ import annotations

from textwrap import dedent

import pytest

from bot.elixir.nodes import text
from bot.elixir.outline import MOST_NESTED, modules_of
from bot.elixir.results import results
from bot.elixir.source import Source, role_of
from tests.elixir.support import module


def names(code: str) -> list[str]:
    return [m.name for m in modules_of(Source("lib/a.ex", dedent(code).encode()))]


def test_definitions_after_else_belong_to_the_module() -> None:
    code = """
    defmodule A do
      if @short do
        def size, do: 1
      else
        def size, do: 2
        def rest, do: 3
      end
    end
    """
    (found,) = modules_of(Source("lib/a.ex", dedent(code).encode()))
    assert {label: len(f.clauses) for (label, _), f in found.functions.items()} == {
        "size": 2,
        "rest": 1,
    }


def test_nested_modules_implementations_and_protocols() -> None:
    code = """
    defmodule A do
      defmodule B.C do
      end

      defimpl String.Chars do
        def to_string(_), do: ""
      end

      defmodule Elixir.Far do
      end
    end

    defprotocol P do
      def size(x)
    end

    defimpl P, for: Map do
      def size(_), do: 0
    end
    """
    assert names(code) == ["A", "A.B.C", "String.Chars.A", "Far", "P", "P.Map"]


def test_modules_within_a_condition_are_found() -> None:
    assert names("if Code.ensure_loaded?(X) do\n  defmodule A do\n  end\nend\n") == ["A"]


def test_clauses_guards_and_defaults() -> None:
    found = module(
        """
        defmodule A do
          def go(x, y \\\\ 1, opts \\\\ [])
          def go(x, _, _) when x > 1, do: x
          def go(x, y, _) do
            x + y
          end

          defp bare, do: :ok
          defmacro twice(x), do: x
        end
        """
    )
    go = found.functions["go", 3]
    assert (go.min_arity, len(go.clauses), go.public) == (1, 3, True)
    assert [c.guard is not None for c in go.clauses] == [False, True, False]
    assert go.clauses[0].body is None
    assert found.local("go", 1) is go
    assert found.local("go", 0) is None
    assert not found.functions["bare", 0].public


def test_own_lines_leave_nested_modules_out() -> None:
    code = "defmodule A do\n  defmodule B do\n    @x 1\n  end\n\n  def a, do: 1\nend\n"
    assert module(code, "A").own_lines() == 4


def test_uses_behaviours_and_attributes() -> None:
    found = module(
        """
        defmodule A do
          use GenServer, restart: :transient
          @behaviour Shop.Job
          @limit 5
          @limit 6
        end
        """
    )
    use = found.use("GenServer")
    assert use is not None
    assert text(use.options["restart"]) == ":transient"
    assert found.implements("Shop.Job")
    assert text(found.attributes["limit"]) == "5"


def test_clauses_with_looks_at_the_clause_alone() -> None:
    found = module("defmodule A do\n  def a, do: spawn(1)\n  def b, do: 2\nend\n")
    assert [c.function.name for c in found.clauses_with(b"spawn")] == ["a"]
    assert found.clauses_with(b"send") == []


def test_results_follow_branches() -> None:
    found = module(
        """
        defmodule A do
          def init(x) do
            case x do
              1 -> {:ok, x}
              _ -> if x, do: :ignore, else: {:stop, x}
            end
          rescue
            _ -> :late
          end
        end
        """
    )
    (clause,) = found.functions["init", 1].clauses
    assert [text(n) for n in results(clause)] == ["{:ok, x}", ":ignore", "{:stop, x}", ":late"]


def test_what_begins_like_a_function_need_not_be_one() -> None:
    # The glance at its text says function; the tree says call of what the function returns.
    found = module("defmodule A do\n  def f(x) do\n    x\n  end.()\nend\n")
    (clause,) = found.functions["f", 1].clauses
    assert (clause.params, clause.guard) == ([], None)


@pytest.mark.parametrize("depth", [30, 400, 20_000])
def test_nesting_has_an_end(depth: int) -> None:
    code = "defmodule A do\n" * depth + "end\n" * depth
    assert len(modules_of(Source("lib/a.ex", code.encode()))) <= MOST_NESTED + 1


@pytest.mark.parametrize("nest", ["[{0}]", "x ++ {0}", "f({0})", "!{0}", "if x do {0} end"])
def test_a_file_nested_beyond_reason_is_seen_as_such(nest: str) -> None:
    before, after = nest.split("{0}")
    deep = f"defmodule A do\n{before * 3_000}1{after * 3_000}\nend\n"
    assert Source("lib/a.ex", deep.encode()).deep
    long = f"defmodule A do\n{nest.format(1)}\nend\n" * 2_000
    assert not Source("lib/a.ex", long.encode()).deep


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("lib/a.ex", "lib"),
        ("lib/load_test/a.ex", "lib"),
        ("lib/config/a.ex", "lib"),
        ("lib/shop/testing.ex", "lib"),
        ("test/support/a.ex", "test"),
        ("apps/x/test/a_test.exs", "test"),
        ("test_integrations/shop/lib/a.ex", "test"),
        ("test_integrations/shop/config/config.exs", "test"),
        ("integration_tests/shop/lib/a.ex", "test"),
        ("apps/x/test_fixtures/shop/lib/a.ex", "test"),
        ("apps/test_server/lib/a.ex", "lib"),
        ("apps/test_server/lib/test_tools/a.ex", "lib"),
        ("apps/test_server/config/config.exs", "config"),
        ("load_test/lib/a.ex", "lib"),
        ("contest/shop/lib/a.ex", "lib"),
        ("testing/shop/lib/a.ex", "lib"),
        ("mix.exs", "mix"),
        ("apps/x/mix.exs", "mix"),
        ("config/runtime.exs", "config"),
        ("priv/repo/migrations/1_a.exs", "script"),
        ("bench/a.exs", "script"),
    ],
)
def test_role_is_read_by_path_segment(path: str, role: str) -> None:
    assert role_of(path) == role
