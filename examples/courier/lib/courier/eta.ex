defmodule Courier.Eta do
  @moduledoc """
  Keeps the latest arrival estimate of each parcel. Estimating is slow, so it happens aside.
  """
  use GenServer

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "Asks for a new estimate; it is there some time later."
  def refresh(server \\ __MODULE__, parcel), do: GenServer.cast(server, {:refresh, parcel})

  @doc "The latest estimate in minutes."
  def fetch(server \\ __MODULE__, parcel_id), do: GenServer.call(server, {:fetch, parcel_id})

  @doc "Takes over a finished estimate."
  def put(server \\ __MODULE__, parcel_id, minutes) do
    GenServer.cast(server, {:put, parcel_id, minutes})
  end

  @impl true
  def init(opts) do
    {:ok, %{estimator: Keyword.get(opts, :estimator, &estimate/1), minutes: %{}}}
  end

  @impl true
  def handle_cast({:refresh, parcel}, state) do
    server = self()
    estimator = state.estimator
    Task.async(fn -> put(server, parcel.id, estimator.(parcel)) end)
    {:noreply, state}
  end

  def handle_cast({:put, parcel_id, minutes}, state) do
    {:noreply, put_in(state.minutes[parcel_id], minutes)}
  end

  @impl true
  def handle_call({:fetch, parcel_id}, _from, state) do
    case Map.fetch(state.minutes, parcel_id) do
      {:ok, minutes} -> {:reply, {:ok, minutes}, state}
      :error -> {:reply, {:error, :no_estimate}, state}
    end
  end

  defp estimate(%{status: :delivered}), do: 0
  defp estimate(%{status: :out_for_delivery}), do: 120
  defp estimate(%{zone: "city"}), do: 24 * 60
  defp estimate(_parcel), do: 48 * 60
end
