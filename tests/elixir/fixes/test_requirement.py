"""A continue where an older Elixir is promised, which knows none."""

from __future__ import annotations

import pytest

from bot.elixir.fixes import init_to_continue, self_send_to_continue
from bot.elixir.fixes.base import Codemod, Proposal
from tests.elixir.fixes.server_support import propose
from tests.elixir.fixes.support import MIX_EXS

START = "  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)\n\n"
SELF_SEND = """\
  def init(opts) do
    send(self(), :load)
    {:ok, opts}
  end

  def handle_info(:load, state), do: {:noreply, [:more | state]}

  def handle_call(:all, _from, state), do: {:reply, state, state}
"""
SLOW = """\
  def init(opts) do
    {out, 0} = System.cmd("date", ["+%s"])
    {:ok, %{seconds: out}}
  end
"""
WARM = """\
defmodule Shop.Warm do
  use GenServer

  def init(opts), do: {:ok, opts, {:continue, :warm}}

  def handle_continue(:warm, state), do: {:noreply, state}
end
"""
MODS = [(self_send_to_continue.CODEMOD, SELF_SEND), (init_to_continue.CODEMOD, SLOW)]


def offer(codemod: Codemod, body: str, requirement: str, **more: str) -> Proposal:
    mix_exs = MIX_EXS.replace('"~> 1.14"', f'"{requirement}"')
    assert requirement in mix_exs
    code = f"defmodule Shop.Rates do\n  use GenServer\n\n{START}{body}end\n"
    found = propose(codemod, {"mix.exs": mix_exs, "lib/a.ex": code, **more})
    assert isinstance(found, Proposal), found.reason
    return found


@pytest.mark.parametrize(("codemod", "body"), MODS)
@pytest.mark.parametrize("requirement", ["~> 1.2", ">= 1.6.0", "~> 1.4 or ~> 1.10"])
def test_a_person_is_asked_where_an_older_elixir_is_promised(
    codemod: Codemod, body: str, requirement: str
) -> None:
    found = offer(codemod, body, requirement)
    assert found.fix == "assisted"
    assert f'`shop` says `elixir: "{requirement}"`' in found.decision
    assert "needs Elixir 1.7 and OTP 21" in found.decision


@pytest.mark.parametrize(("codemod", "body"), MODS)
@pytest.mark.parametrize("requirement", ["~> 1.7", ">= 1.14.0"])
def test_nobody_is_asked_where_every_elixir_knows_it(
    codemod: Codemod, body: str, requirement: str
) -> None:
    assert offer(codemod, body, requirement).fix == "automatic"


@pytest.mark.parametrize(("codemod", "body"), MODS)
def test_nobody_is_asked_where_another_server_continues_already(
    codemod: Codemod, body: str
) -> None:
    assert offer(codemod, body, "~> 1.2", **{"lib/warm.ex": WARM}).fix == "automatic"
