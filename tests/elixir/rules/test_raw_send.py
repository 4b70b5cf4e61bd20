"""Messages past a client API: only to servers the project shows."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "raw-send"
STOCK = """\
defmodule Shop.Stock do
  use GenServer
  @name NAME
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: @name)
  def take(item), do: GenServer.call(@name, {:take, item})
  def init(arg), do: {:ok, arg}
  def handle_info(_, state), do: {:noreply, state}
end
"""


def said(
    call: str, module: str = "Shop.Night", name: str = "__MODULE__", path: str = "lib/night.ex"
) -> list[str]:
    code = f"defmodule {module} do\n  def go(pid), do: {call}\nend\n"
    return outcome(RULE, {"lib/stock.ex": STOCK.replace("NAME", name), path: code})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("send(Shop.Stock, :x)", ["info"]),
        ("Process.send_after(Shop.Stock, :x, 10)", ["info"]),
        ("send(pid, :x)", []),
        ("send(self(), :x)", []),
        ("send(Other.Server, :x)", []),
        ("GenServer.cast(Shop.Stock, :x)", []),
        ("Shop.Stock.take(pid)", []),
    ],
)
def test_sites(call: str, words: list[str]) -> None:
    assert said(call) == words


def test_name_can_be_an_atom() -> None:
    assert said("send(:stock, :x)", name=":stock") == ["info"]
    assert said("send(:other, :x)", name=":stock") == []


def test_nested_modules_are_one_component() -> None:
    assert said("send(Shop.Stock, :x)", module="Shop.Stock.Timer") == ["~same-component"]


def test_tests_may_send_what_they_like() -> None:
    assert said("send(Shop.Stock, :x)", path="test/night_test.exs") == []


@pytest.mark.parametrize(
    ("client", "words"),
    [
        ("def take(item), do: GenServer.call(__MODULE__, {:take, item})", ["info"]),
        ("def take(at, item), do: GenServer.call(at, {:take, item})", ["info"]),
        ("def take(item), do: GenServer.call(Shop.Other, {:take, item})", ["~no-client-api"]),
        (
            "def handle_cast(:a, s), do: {:noreply, GenServer.call(s, :b)}",
            ["~no-client-api"],
        ),
    ],
)
def test_what_asks_others_is_no_client_function(client: str, words: list[str]) -> None:
    code = STOCK.replace("NAME", "__MODULE__").replace(
        "def take(item), do: GenServer.call(@name, {:take, item})", client
    )
    night = "defmodule Shop.Night do\n  def go, do: send(Shop.Stock, :x)\nend\n"
    assert outcome(RULE, {"lib/stock.ex": code, "lib/night.ex": night}) == words
