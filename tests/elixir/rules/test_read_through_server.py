"""Servers that only hand out: what counts as a read, and who waits."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "read-through-server"


def rates(call: str, modules: int = 3, more: str = "", name: str = "__MODULE__") -> list[str]:
    server = f"""\
defmodule Shop.Rates do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: {name})
  def rate(coin), do: GenServer.call({name}, {{:rate, coin}})
  def init(_), do: {{:ok, %{{}}}}
  def handle_info({{:rates, new}}, _), do: {{:noreply, new}}
  {call}
  {more}
end
"""
    users = "\n".join(
        f"defmodule Shop.User{i} do\n  def go, do: Shop.Rates.rate(:eur)\nend\n"
        for i in range(modules)
    )
    return outcome(RULE, {"lib/rates.ex": server, "lib/users.ex": users})


READ = "def handle_call({:rate, c}, _from, s), do: {:reply, Map.get(s, c), s}"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (READ, ["info"]),
        ("def handle_call({:rate, c}, _from, s), do: {:reply, s[c], s}", ["info"]),
        ("def handle_call({:rate, c}, _from, %{a: a} = s), do: {:reply, a[c], s}", ["info"]),
        ("def handle_call({:rate, c}, _from, s), do: {:reply, find(s, c), s}\n"
         "defp find(s, c), do: Enum.find(s, &(&1 == c))", ["info"]),
        # it writes, asks somebody, answers later, or has nothing to do with the state
        ("def handle_call({:rate, c}, _from, s), do: {:reply, s[c], Map.put(s, :n, 1)}", []),
        ("def handle_call({:rate, c}, _from, s), do: {:reply, Shop.Bank.rate(c, s), s}", []),
        ("def handle_call({:rate, c}, _from, s), do: {:reply, find(s, c), s}\n"
         "defp find(s, c), do: Shop.Repo.get(s, c)", []),
        ("def handle_call({:rate, c}, from, s), do: {:noreply, [{from, c} | s]}", []),
        ("def handle_call({:rate, c}, _from, s), do: {:reply, c + 1, s}", []),
        (READ + "\ndef handle_call(:reset, _from, _), do: {:reply, :ok, %{}}", []),
    ],
)  # fmt: skip
def test_reads(call: str, said: list[str]) -> None:
    assert rates(call) == said


def test_few_modules_do_not_queue() -> None:
    assert rates(READ, modules=2) == ["~few-callers"]
    assert rates(READ, modules=0) == ["~few-callers"]


def test_a_server_without_a_fixed_name_is_not_the_only_one() -> None:
    assert rates(READ, name="via(1)") == []
