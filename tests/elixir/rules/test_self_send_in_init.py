"""Messages a server sends to itself before its first request."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("send(self(), :load)\n    {:ok, x}", True),
        ("send(self, :load)\n    {:ok, x}", True),
        ("self = owner(x)\n    send(self, :load)\n    {:ok, x}", False),
        ("%{self: self} = x\n    send(self, :load)\n    {:ok, x}", False),
    ],
)
def test_self_without_parentheses_is_a_call_unless_it_is_a_variable(body: str, said: bool) -> None:
    code = f"""\
defmodule Pool do
  use GenServer
  def init(x) do
    {body}
  end
  def handle_info(:load, x), do: {{:noreply, x}}
end
"""
    assert len(outcome("self-send-in-init", {"lib/pool.ex": code})) == said
