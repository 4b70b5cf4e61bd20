defmodule Courier.Counters do
  @moduledoc """
  Counts what happened since the start, for the dashboard.
  """
  use GenServer

  def start_link(_opts) do
    GenServer.start_link(__MODULE__, [], name: __MODULE__)
  end

  @doc "Adds one to a counter."
  def bump(key), do: GenServer.cast(__MODULE__, {:bump, key})

  @doc "All counters."
  def all, do: GenServer.call(__MODULE__, :all)

  @impl true
  def init(_opts), do: {:ok, %{}}

  @impl true
  def handle_cast({:bump, key}, counters) do
    {:noreply, Map.update(counters, key, 1, &(&1 + 1))}
  end

  @impl true
  def handle_call(:all, _from, counters), do: {:reply, counters, counters}
end
