defmodule Courier.Routing do
  @moduledoc """
  Answers how long a parcel travels between two depots.
  """
  use GenServer

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "Minutes between two depots, over as many roads as it takes."
  def minutes(server \\ __MODULE__, from, to), do: GenServer.call(server, {:minutes, from, to})

  @impl true
  def init(opts) do
    network = Keyword.get(opts, :network, Courier.Network)
    roads = GenServer.call(network, :roads)
    {:ok, %{network: network, roads: roads}}
  end

  @impl true
  def handle_call({:minutes, from, to}, _from, state) do
    case travel(state.roads, from, to, []) do
      nil -> {:reply, {:error, :unreachable}, state}
      minutes -> {:reply, {:ok, minutes}, state}
    end
  end

  defp travel(_roads, place, place, _seen), do: 0

  defp travel(roads, from, to, seen) do
    roads
    |> neighbours(from)
    |> Enum.reject(fn {next, _minutes} -> next in seen end)
    |> Enum.map(fn {next, minutes} -> {travel(roads, next, to, [from | seen]), minutes} end)
    |> Enum.reject(fn {rest, _minutes} -> is_nil(rest) end)
    |> Enum.map(fn {rest, minutes} -> rest + minutes end)
    |> Enum.min(fn -> nil end)
  end

  defp neighbours(roads, place) do
    Enum.flat_map(roads, fn
      {{^place, other}, minutes} -> [{other, minutes}]
      {{other, ^place}, minutes} -> [{other, minutes}]
      _road -> []
    end)
  end
end
