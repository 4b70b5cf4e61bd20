defmodule Courier.Parcels do
  @moduledoc """
  All parcels that are under way.
  """
  use GenServer

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  def put(server \\ __MODULE__, parcel), do: GenServer.call(server, {:put, parcel})

  def fetch(server \\ __MODULE__, id), do: GenServer.call(server, {:fetch, id})

  def count(server \\ __MODULE__), do: GenServer.call(server, :count)

  def delete(server \\ __MODULE__, id), do: GenServer.call(server, {:delete, id})

  @doc "Forgets parcels that have arrived; returns how many."
  def forget_delivered(server \\ __MODULE__), do: GenServer.call(server, :forget_delivered)

  @impl true
  def init(_opts), do: {:ok, %{parcels: %{}}}

  @impl true
  def handle_call({:put, parcel}, _from, state) do
    {:reply, :ok, put_in(state.parcels[parcel.id], parcel)}
  end

  def handle_call({:fetch, id}, _from, state) do
    case Map.fetch(state.parcels, id) do
      {:ok, parcel} -> {:reply, {:ok, parcel}, state}
      :error -> {:reply, {:error, :unknown_parcel}, state}
    end
  end

  def handle_call(:count, _from, state) do
    {:reply, map_size(state.parcels), state}
  end

  def handle_call({:delete, id}, _from, state) do
    {:reply, :ok, %{state | parcels: Map.delete(state.parcels, id)}}
  end

  def handle_call(:forget_delivered, _from, state) do
    kept = Map.reject(state.parcels, fn {_id, parcel} -> parcel.status == :delivered end)
    {:reply, map_size(state.parcels) - map_size(kept), %{state | parcels: kept}}
  end
end
