"""Scattered interfaces: servers the project shows, and at least two modules outside them."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "scattered-interface"
STOCK = """\
defmodule Shop.Stock do
  use GenServer
  @name NAME
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: @name)
  def take(item), do: GenServer.call(@name, {:take, item})
  def init(arg), do: {:ok, arg}
end
"""


def said(*calls: str, name: str = "__MODULE__", folder: str = "lib") -> list[str]:
    files = {"lib/stock.ex": STOCK.replace("NAME", name)}
    for place, call in enumerate(calls):
        module = f"Shop.{'ABC'[place]}"
        code = f"defmodule {module} do\n  def go(pid), do: {call}\nend\n"
        files[f"{folder}/{place}.ex"] = code
    return outcome(RULE, files)


ASK = "GenServer.call(Shop.Stock, :x)"


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (ASK, ["info"]),
        ("GenServer.cast(Shop.Stock, :x)", ["info"]),
        ("Shop.Stock |> GenServer.call(:x)", ["info"]),
        (":gen_server.call(Shop.Stock, :x)", ["info"]),
        ("GenServer.call(pid, :x)", ["~one-client"]),
        ("GenServer.call({Shop.Stock, pid}, :x)", ["~one-client"]),
        ("GenServer.call(Other.Stock, :x)", ["~one-client"]),
        ("Shop.Stock.take(pid)", ["~one-client"]),
        ("quote(do: GenServer.call(Shop.Stock, :x))", ["~one-client"]),
    ],
)
def test_second_module(second: str, words: list[str]) -> None:
    assert said(ASK, second) == words


def test_a_server_is_told_once() -> None:
    assert said(ASK, ASK, ASK) == ["info"]


def test_names_that_are_atoms() -> None:
    asks = ["GenServer.call(:stock, :x)"] * 2
    assert said(*asks, name=":stock") == ["info"]
    assert said(*asks, name=":other") == []


def test_tests_may_ask_what_they_like() -> None:
    assert said(ASK, ASK, folder="test") == []
