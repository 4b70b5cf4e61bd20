defmodule Courier.Importer do
  @moduledoc """
  Takes over the parcel lists that shops send at night.
  """
  use GenServer

  require Logger

  alias Courier.{Csv, Parcel, Parcels}

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "Imports a list and returns the tracking numbers in its order."
  def import_list(server \\ __MODULE__, text), do: GenServer.call(server, {:import, text})

  @doc "How many parcels came in since the start."
  def imported(server \\ __MODULE__), do: GenServer.call(server, :imported)

  @impl true
  def init(_opts), do: {:ok, %{imported: 0}}

  @impl true
  def handle_call({:import, text}, _from, state) do
    try do
      ids = text |> Csv.rows() |> Enum.map(&register/1)
      send(Courier.Manifest, :load)
      {:reply, {:ok, ids}, %{state | imported: state.imported + length(ids)}}
    rescue
      _ -> {:reply, {:error, :import_failed}, state}
    end
  end

  def handle_call(:imported, _from, state), do: {:reply, state.imported, state}

  defp register([recipient, zone, weight]) do
    {:ok, kilograms} = Csv.weight(weight)
    {:ok, parcel} = Parcel.new(%{recipient: recipient, zone: zone, weight_kg: kilograms})
    :ok = Parcels.put(parcel)
    parcel.id
  end
end
