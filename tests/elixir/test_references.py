"""Which modules a module names, whatever it calls them."""

from __future__ import annotations

import pytest

from bot.elixir.outline import modules_of
from bot.elixir.references import references
from bot.elixir.source import Source


def named(text: str) -> dict[str, tuple[str, ...]]:
    return {m.name: references(m) for m in modules_of(Source("lib/a.ex", text.encode()))}


def of(body: str) -> tuple[str, ...]:
    return named(f"defmodule Shop do\n{body}\nend\n")["Shop"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("def f, do: Bank.pay()", "Bank"),
        ("alias Shop.Cart\ndef f, do: Cart.new()", "Shop.Cart"),
        ("alias Shop.Cart, as: C\ndef f, do: C.new()", "Shop.Cart"),
        ("alias Shop.{Cart, Order.Line}\ndef f, do: Line.new()", "Shop.Cart Shop.Order.Line"),
        ("def f(%User{} = u), do: %Admin.Role{of: u}", "Admin.Role User"),
        ("use GenServer\n@behaviour Pricing", "GenServer Pricing"),
        ("def f, do: __MODULE__.Inner.run()", "Shop.Inner"),
        ("def f, do: __MODULE__.run()", ""),
        ("def f, do: Shop.run()", ""),
        ("def f, do: Elixir.Bank.pay()", "Bank"),
        ("def f, do: &Bank.pay/1", "Bank"),
        ("@type t :: Cart.t()", "Cart"),
        ("def f, do: [Cart, {Bank, :pay}]", "Bank Cart"),
        ("def f, do: :ets.new(:a, [])", ""),
        ('# Bank\n@doc "Cart"\ndef f, do: "Order"', ""),
        ('def f, do: "#{Bank.name()}"', "Bank"),
        ("def f do\n  alias Other.Bank\n  Bank.pay()\nend", "Other.Bank"),
        ("def f do\n  alias Other.Bank\nend\ndef g, do: Bank.pay()", "Bank Other.Bank"),
    ],
)
def test_names_are_told_in_full(body: str, expected: str) -> None:
    assert of(body) == tuple(expected.split())


def test_a_nested_module_speaks_for_itself() -> None:
    found = named(
        "defmodule Shop do\n  alias Bank.Card\n  def f, do: Cart.new()\n"
        "  defmodule Cart do\n    def new, do: Card.pay(Shop, List)\n  end\nend\n"
    )
    assert found == {"Shop": ("Bank.Card",), "Shop.Cart": ("Bank.Card", "List", "Shop")}


def test_an_implementation_names_its_protocol_and_its_type() -> None:
    found = named(
        "alias Shop.Cart\n"
        "defimpl String.Chars, for: Cart do\n  def to_string(_), do: Bank.x()\nend\n"
    )
    assert found == {"String.Chars.Shop.Cart": ("Bank", "Shop.Cart", "String.Chars")}
