"""The skeleton shows what a change is planned with, and nothing of what stands between."""

from __future__ import annotations

from bot.elixir.skeleton import skeleton
from bot.elixir.tree import MemoryTree

CACHE = """\
defmodule Shop.Cache do
  use GenServer
  @behaviour Shop.Store

  defstruct [:table, limit: 10]

  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts)

  @spec get(GenServer.server(), term()) :: term()
  def get(server \\\\ __MODULE__, key), do: GenServer.call(server, {:get, key})

  def init(opts), do: {:ok, opts}
  def handle_call({:get, key}, _from, state), do: {:reply, lookup(state, key), state}
  def handle_call(:stop, _from, state), do: {:stop, :normal, state}

  @impl Shop.Store
  def put(_key, _value), do: "a secret body"

  defp lookup(state, key), do: {state, key}
end
"""


def test_a_module_is_shown_without_its_bodies() -> None:
    text = skeleton(MemoryTree.of({"lib/cache.ex": CACHE}))
    shown = text[text.index("# lib/cache.ex") :]
    assert shown == (
        "# lib/cache.ex\n"
        "Shop.Cache (1 private)\n"
        " use GenServer\n"
        " behaviour Shop.Store\n"
        " struct table, limit\n"
        " start_link(opts) :: GenServer.on_start()\n"
        " get(server \\\\ __MODULE__, key) :: term()\n"
        " impl init/1, put/2\n"
        " call {:get, key}, :stop\n"
    )
    assert "secret body" not in text
