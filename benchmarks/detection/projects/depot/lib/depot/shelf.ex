defmodule Depot.Shelf do
  @moduledoc "What lies where. Nothing else knows it: a crash empties the depot."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  def put(place, parcel), do: GenServer.call(__MODULE__, {:put, place, parcel})

  def at(place), do: GenServer.call(__MODULE__, {:at, place}, :infinity)

  def everything, do: GenServer.call(__MODULE__, :everything, 10_000)

  @impl true
  def init(_), do: {:ok, %{}}

  @impl true
  def handle_call({:put, place, parcel}, _from, shelf) do
    {:reply, :ok, Map.put(shelf, place, parcel)} # found: volatile-state, unbounded-state
  end

  def handle_call({:at, place}, _from, shelf), do: {:reply, Map.get(shelf, place), shelf}
  def handle_call(:everything, _from, shelf), do: {:reply, shelf, shelf}
end
