"""The address `self()` evaluated in a process that nobody meant."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "self-in-other-process"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Task.start(fn -> send(self(), x) end)", ["warning"]),
        ("spawn(fn -> self() |> send(x) end)", ["warning"]),
        ("Task.async(fn -> Process.send_after(self(), x, 10) end)", ["warning"]),
        ("Task.async(fn -> :erlang.send_after(10, self(), x) end)", ["warning"]),
        ("Agent.update(x, fn s -> send(self(), :changed); s end)", ["warning"]),
        ("spawn(fn -> Enum.each(x, fn i -> send(self(), i) end) end)", ["warning"]),
        ("send(self(), x)", []),
        ("Enum.each(x, fn i -> send(self(), i) end)", []),
        ("Task.start(fn -> send(x, self()) end)", []),
        ("Task.start(fn -> send(x, {:reply, self()}) end)", []),
        ("me = self()\n    Task.start(fn -> send(me, x) end)", []),
        ("self = self()\n    Task.start(fn -> send(self, x) end)", []),
        ("Task.start(fn -> Shop.each(fn -> send(self(), x) end) end)", []),
        ("spawn(fn ->\n send(self(), x)\n Shop.Loop.run()\n end)", []),
        ("spawn(fn ->\n send(self(), x)\n :gen_server.enter_loop(x, [], x)\n end)", []),
        ("spawn(fn ->\n send(self(), x)\n Logger.info(x)\n end)", ["warning"]),
        ("spawn(fn ->\n send(self(), x)\n receive do m -> m end\n end)", ["~taken-there"]),
        ("Task.async(Shop, :go, [send(self(), x)])", []),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == words


def test_an_own_function_that_receives() -> None:
    code = """\
defmodule Shop.A do
  def go, do: spawn(fn -> prepare() && send(self(), :x) end)
  defp prepare, do: loop(0)
  defp loop(n) do
    receive do
      :x -> n
    end
  end
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~taken-there"]
    assert outcome(RULE, {"lib/a.ex": code.replace("loop(0)", "0")}) == ["warning"]
