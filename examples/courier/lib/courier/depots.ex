defmodule Courier.Depots do
  @moduledoc """
  Depots and their zones, in a table that everybody reads without asking a process.
  """
  use GenServer

  @depots [
    {"hamburg", "city", 53.55, 9.99},
    {"hannover", "regional", 52.37, 9.73},
    {"muenchen", "national", 48.14, 11.58},
    {"sylt", "island", 54.91, 8.31}
  ]

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "Where a depot stands, as `{:ok, {latitude, longitude}}`."
  def position(name) do
    case :ets.lookup(__MODULE__, name) do
      [{^name, _zone, latitude, longitude}] -> {:ok, {latitude, longitude}}
      [] -> {:error, :unknown_depot}
    end
  end

  @doc "Names of all depots."
  def names do
    __MODULE__ |> :ets.select([{{:"$1", :_, :_, :_}, [], [:"$1"]}]) |> Enum.sort()
  end

  @impl true
  def init(_opts) do
    table = :ets.new(__MODULE__, [:named_table, :protected, read_concurrency: true])
    true = :ets.insert(table, @depots)
    {:ok, table}
  end
end
