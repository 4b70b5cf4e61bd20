defmodule Depot.Tariffs do
  @moduledoc "Prices by zone, read again from the file: a cache, so a crash loses nothing."
  use GenServer

  @file_name "tariffs.csv"
  @carrier Application.get_env(:depot, :carrier) # found: compile-time-env

  def start_link(_), do: GenServer.start_link(__MODULE__, @file_name, name: __MODULE__)

  def price(zone) do
    case :ets.lookup(__MODULE__, zone) do
      [{^zone, price}] -> {:ok, price}
      [] -> :error
    end
  end

  def carrier, do: @carrier

  def zone(%{"zone" => name}), do: String.to_atom(name) # found: dynamic-atom

  def known_zone(%{"zone" => name}), do: String.to_existing_atom(name)

  @impl true
  def init(file) do
    :ets.new(__MODULE__, [:named_table, :protected, read_concurrency: true])
    {:ok, file, {:continue, :load}}
  end

  @impl true
  def handle_continue(:load, file) do
    for line <- File.stream!(file), [zone, price] <- [String.split(line, ",")] do
      :ets.insert(__MODULE__, {zone, price})
    end

    {:noreply, file}
  end
end
