defmodule Kiosk.Till do
  @moduledoc "Counts what was sold today."
  use GenServer

  def start_link(_options) do
    GenServer.start_link(__MODULE__, 0, name: __MODULE__)
  end

  @doc "Adds one sale and tells the sum."
  def sell(cents), do: GenServer.call(__MODULE__, {:sell, cents})

  @impl true
  def init(sum), do: {:ok, sum}

  @impl true
  def handle_call({:sell, cents}, _from, sum) do
    {:reply, sum + cents, sum + cents}
  end
end
