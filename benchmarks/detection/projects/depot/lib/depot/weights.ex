defmodule Depot.Weights do
  @moduledoc "Weighs parcels on a scale that answers over the network."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, :none, name: __MODULE__)

  def weigh(parcel), do: GenServer.call(__MODULE__, {:weigh, parcel})

  def total(parcels), do: GenServer.call(__MODULE__, {:total, parcels})

  @impl true
  def init(:none), do: {:ok, %{last: nil}}

  @impl true
  def handle_call({:weigh, parcel}, _from, state) do
    {answer, 0} = System.cmd("scale", ["--read", parcel]) # found: blocking-callback
    {:reply, String.to_integer(answer), %{state | last: parcel}}
  end

  def handle_call({:total, parcels}, _from, state) do
    weights = Enum.map(parcels, &weigh/1) # found: call-to-self
    {:reply, Enum.sum(weights), state}
  end
end
