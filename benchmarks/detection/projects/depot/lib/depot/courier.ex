defmodule Depot.Courier do
  @moduledoc "Carries parcels; one task at a time, which may fail without the courier."
  use GenServer

  require Logger

  def start_link(_), do: GenServer.start_link(__MODULE__, :none, name: __MODULE__)

  def carry(parcel), do: GenServer.call(__MODULE__, {:carry, parcel})

  def nudge, do: send(Depot.Gate, :tick) # found: raw-send

  @impl true
  def init(:none), do: {:ok, nil}

  @impl true
  def handle_call({:carry, parcel}, _from, _last) do
    Process.put(:parcel, parcel) # found: process-dictionary
    {:reply, deliver(parcel), parcel}
  end

  defp deliver(parcel) do
    drive(parcel)
  rescue
    _ -> :error # found: swallowed-crash
  end

  defp drive(%{to: to}), do: {:ok, to}

  def receipts(parcels) do
    parcels
    |> Enum.map(&Task.async(fn -> receipt(&1) end))
    |> Task.await_many(:infinity) # found: infinite-timeout
  end

  defp receipt(parcel) do
    Logger.debug("receipt for #{inspect(parcel)}")
    {:receipt, parcel}
  rescue
    error in ArgumentError -> {:error, error}
  end
end
