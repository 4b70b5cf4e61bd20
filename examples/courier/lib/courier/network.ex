defmodule Courier.Network do
  @moduledoc """
  The roads between depots, in minutes. Road works change them during the day.
  """
  use GenServer

  @roads %{
    {"hamburg", "hannover"} => 95,
    {"hannover", "muenchen"} => 390,
    {"hamburg", "sylt"} => 190
  }

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "All roads as `%{{from, to} => minutes}`."
  def roads(server \\ __MODULE__), do: GenServer.call(server, :roads)

  @doc "Adds minutes to a road."
  def delay(server \\ __MODULE__, road, minutes) do
    GenServer.call(server, {:delay, road, minutes})
  end

  @impl true
  def init(_opts), do: {:ok, %{delays: %{}}}

  @impl true
  def handle_call(:roads, _from, state) do
    {:reply, Map.merge(@roads, state.delays, fn _road, usual, extra -> usual + extra end), state}
  end

  def handle_call({:delay, road, minutes}, _from, state) when is_map_key(@roads, road) do
    {:reply, :ok, put_in(state.delays[road], minutes)}
  end

  def handle_call({:delay, _road, _minutes}, _from, state) do
    {:reply, {:error, :unknown_road}, state}
  end
end
