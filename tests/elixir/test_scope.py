"""Names mean what the aliases and imports around them say."""

from __future__ import annotations

import pytest

from tests.elixir.support import module


def full_names(code: str, name: str = "") -> list[str]:
    return [c.full for clause in module(code, name).all_clauses() for c in clause.calls]


@pytest.mark.parametrize(
    ("directive", "call", "meaning"),
    [
        ("alias Shop.Cart", "Cart.add(1)", "Shop.Cart.add"),
        ("alias Shop.Cart, as: Basket", "Basket.add(1)", "Shop.Cart.add"),
        ("alias Shop.{Cart, Item.Price}", "Price.of(1)", "Shop.Item.Price.of"),
        ("alias Shop.Cart", "Cart.Line.add(1)", "Shop.Cart.Line.add"),
        ("alias __MODULE__.Line", "Line.add(1)", "Top.Line.add"),
        ("alias Shop.Cart", "Elixir.Cart.add(1)", "Cart.add"),
        ("require Shop.Log, as: L", "L.info(1)", "Shop.Log.info"),
        ("", "__MODULE__.add(1)", "Top.add"),
        ("", ":ets.lookup(1, 2)", ":ets.lookup"),
        ("import Shop.Cart, only: [add: 1]", "add(1)", "Shop.Cart.add"),
        ("import Shop.Cart, only: [add: 2]", "add(1)", "add"),
        ("import Shop.Cart, only: [adds: 1]", "add(1)", "add"),
        ("import Shop.Cart, only: [add: 2, add: 1]", "x |> add()", "Shop.Cart.add"),
        ("", "spawn(1)", "Kernel.spawn"),
        ("import Kernel, except: [spawn: 1]", "spawn(1)", "spawn"),
        ("import Kernel, only: [self: 0]", "spawn(1)", "spawn"),
        ("", "var.add(1)", "add"),
    ],
)
def test_meaning(directive: str, call: str, meaning: str) -> None:
    code = f"defmodule Top do\n  {directive}\n  def go(var), do: {call}\nend\n"
    assert full_names(code) == [meaning]


def test_an_alias_inside_a_function_ends_with_it() -> None:
    code = """
    defmodule Top do
      def one do
        alias Shop.Cart
        Cart.add()
      end

      def two, do: Cart.add()
    end
    """
    names = [n for n in full_names(code) if n.endswith(".add")]
    assert names == ["Shop.Cart.add", "Cart.add"]


def test_a_nested_module_is_known_by_its_short_name_outside() -> None:
    code = """
    defmodule Top do
      defmodule Inner do
        def go, do: :ok
      end

      def run, do: Inner.go()
    end
    """
    assert full_names(code, "Top") == ["Top.Inner.go"]


def test_an_outer_alias_holds_in_a_nested_module() -> None:
    code = """
    defmodule Top do
      alias Shop.Cart

      defmodule Inner do
        def go, do: Cart.add()
      end
    end
    """
    assert full_names(code, "Top.Inner") == ["Shop.Cart.add"]
